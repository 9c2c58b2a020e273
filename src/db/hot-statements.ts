import type { Statement } from './engine/statement.ts';

/**
 * The statements of the hot path. Lists go in as one JSON parameter: the text stays the same for any number of rows,
 * so that both drivers prepare it once.
 */

const INTEGRATION_COLUMNS = [
  ...['id', 'chatId', 'name', 'tokenHash', 'scope', 'rateLimit', 'dailyLimit', 'status', 'expiresAt'],
  ...[
    'unreachableSince',
    'unreachableReason',
    'showName',
    'overflow',
    'acknowledge',
    'createdAt',
    'updatedAt',
  ],
];
const FIND = `SELECT ${INTEGRATION_COLUMNS.map((name) => `i."${name}"`).join(', ')}, c."blockedAt" FROM "Integrations" i
  LEFT JOIN "Chats" c ON c."chatId" = i."chatId" WHERE`;

/** [ids] */
export const FIND_INTEGRATIONS: Statement = {
  name: 'find-integrations',
  sqlite: `${FIND} i."id" IN (SELECT value FROM json_each(?))`,
  postgres: `${FIND} i."id" = ANY (ARRAY (SELECT json_array_elements_text($1::json)::bigint))`,
};

/** [hashes] */
export const FIND_KEYS: Statement = {
  name: 'find-keys',
  sqlite: `SELECT * FROM "Keys" WHERE "keyHash" IN (SELECT value FROM json_each(?))`,
  postgres: `SELECT * FROM "Keys" WHERE "keyHash" = ANY (ARRAY (SELECT json_array_elements_text($1::json)))`,
};

/** [ids]. In the order of their ids: two processes that lock several integrations never wait for each other. */
export const LOCK_INTEGRATIONS: Statement = {
  name: 'lock-integrations',
  // The transaction holds SQLite's only write lock already.
  sqlite: `SELECT "id" FROM "Integrations" WHERE "id" IN (SELECT value FROM json_each(?))`,
  postgres: `SELECT "id" FROM "Integrations"
    WHERE "id" = ANY (ARRAY (SELECT json_array_elements_text($1::json)::bigint)) ORDER BY "id" FOR UPDATE`,
};

/** [ids] */
export const FIND_ALERTS: Statement = {
  name: 'find-alerts',
  sqlite: `SELECT * FROM "Alerts" WHERE "id" IN (SELECT value FROM json_each(?))`,
  postgres: `SELECT * FROM "Alerts" WHERE "id" = ANY (ARRAY (SELECT json_array_elements_text($1::json)))`,
};

/** [ids] */
export const FREE_KEYS: Statement = {
  name: 'free-keys',
  sqlite: `UPDATE "Alerts" SET "idempotencyKeyHash" = NULL, "bodyHash" = NULL
    WHERE "id" IN (SELECT value FROM json_each(?))`,
  postgres: `UPDATE "Alerts" SET "idempotencyKeyHash" = NULL, "bodyHash" = NULL
    WHERE "id" = ANY (ARRAY (SELECT json_array_elements_text($1::json)))`,
};

const CLEAR = (chatId: string) => `UPDATE "Integrations" SET "suspicion" = 0
  WHERE "chatId" = ${chatId} AND "status" IN ('active', 'pending') AND "suspicion" <> 0`;

/** chat id. With each delivery, and as a rule there is nothing to change. */
export const CLEAR_SUSPICION: Statement = {
  name: 'clear-suspicion',
  sqlite: CLEAR('?'),
  postgres: CLEAR('$1'),
};

const UNITS_SQLITE = `(SELECT value ->> '$.integrationId' AS "integrationId", value ->> '$.period' AS "period",
  value ->> '$.units' AS "units" FROM json_each(?))`;
const UNITS_POSTGRES = `json_to_recordset($1::json)`;
const UNITS_TYPES = `("integrationId" int, "period" int, "units" int)`;

// Never above the daily limit, and never below what is there (the daily limit may have been lowered).
const GIVE = `UPDATE "Integrations" AS i SET "rateLimit" = CASE
  WHEN i."rateLimit" + t."units" <= i."dailyLimit" THEN i."rateLimit" + t."units"
  WHEN i."rateLimit" < i."dailyLimit" THEN i."dailyLimit" ELSE i."rateLimit" END`;

const OF_PERIOD = `WHERE i."id" = t."integrationId" AND i."period" = t."period"`;

/** [{integrationId, period, units}]: units of a period that has passed are gone with it. */
export const GIVE_UNITS: Statement = {
  name: 'give-units',
  sqlite: `${GIVE} FROM ${UNITS_SQLITE} AS t ${OF_PERIOD}`,
  postgres: `${GIVE} FROM ${UNITS_POSTGRES} AS t ${UNITS_TYPES} ${OF_PERIOD}`,
};

/** [{id, integrationId}]; a row per entry that was still queued, of which no part was sent and nobody read a 202. */
export const DELETE_QUEUED: Statement = {
  name: 'delete-queued',
  // The + keeps SQLite from reading all queued entries instead of these.
  sqlite: `DELETE FROM "Alerts" WHERE +"status" = 'queued' AND "messageIds" = '' AND "confirmedAt" IS NULL AND ("id", "integrationId") IN
    (SELECT value ->> '$.id', value ->> '$.integrationId' FROM json_each(?))
    RETURNING "id", "integrationId", "period"`,
  postgres: `DELETE FROM "Alerts" a USING json_to_recordset($1::json) AS r ("id" text, "integrationId" int)
    WHERE a."id" = r."id" AND a."integrationId" = r."integrationId" AND a."status" = 'queued'
      AND a."messageIds" = '' AND a."confirmedAt" IS NULL
    RETURNING a."id", a."integrationId", a."period"`,
};
