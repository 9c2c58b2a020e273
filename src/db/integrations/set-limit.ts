import { type QueryBuilder, raw } from 'objection';
import type { IntegrationModel } from '../models/integration-model.ts';

/** @see IntegrationRepository.setLimit. Returns the rows changed. */
export function setLimit(
  integrations: QueryBuilder<IntegrationModel>,
  id: number,
  { own, ofAll }: { readonly own: number | null; readonly ofAll: number },
  now: number,
): QueryBuilder<IntegrationModel, number> {
  const limit = own ?? ofAll;
  return integrations
    .patch({
      ownLimit: own === null ? 0 : 1,
      dailyLimit: limit,
      rateLimit: raw(
        `CASE WHEN "dailyLimit" - "rateLimit" >= ? THEN 0 ELSE ? - ("dailyLimit" - "rateLimit") END`,
        [limit, limit],
      ),
      // Once the new quota is used up, the chat is told again.
      toldAt: null,
      updatedAt: now,
    })
    .where({ id });
}
