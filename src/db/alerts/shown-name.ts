/**
 * Of the integration `i`: 1 or 2 where its alerts show its name, because the chat has other active ones; 2 where one of them
 * has the same name. Of one chat, so few: MAX_INTEGRATIONS_PER_CHAT.
 */
export const BESIDE = `CASE WHEN i."showName" = 1 THEN
    (SELECT max(CASE WHEN o."name" = i."name" THEN 2 ELSE 1 END) FROM "Integrations" o
      WHERE o."chatId" = i."chatId" AND o."status" = 'active' AND o."id" <> i."id") END`;
