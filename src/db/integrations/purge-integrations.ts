import type { Knex } from 'knex';
import { IntegrationModel } from '../models/integration-model.ts';

/** Integrations deleted per statement: other writers get their turn in between. */
const PURGE_BATCH = 500;

/** @see IntegrationRepository.purge */
export async function purgeIntegrations(
  knex: Knex,
  { revoked, pending }: { readonly revoked: number; readonly pending: number },
): Promise<number> {
  let purged = 0;
  for (;;) {
    const deleted = await IntegrationModel.query(knex)
      .delete()
      .whereRaw(
        `"id" IN (SELECT i."id" FROM "Integrations" i
           WHERE i."status" <> 'active' AND (i."status" = 'revoked' AND i."updatedAt" < ?
               OR i."status" = 'pending' AND i."updatedAt" < ? AND COALESCE(i."expiresAt", 0) < ?)
             AND NOT EXISTS (SELECT 1 FROM "Alerts" a WHERE a."integrationId" = i."id" AND a."endedAt" IS NOT NULL)
             AND i."id" NOT IN (SELECT "integrationId" FROM "Alerts" WHERE "status" IN ('queued', 'sending'))
             AND NOT EXISTS (SELECT 1 FROM "Incidents" n WHERE n."integrationId" = i."id")
           LIMIT ?)`,
        [revoked, pending, pending, PURGE_BATCH],
      );
    purged += deleted;
    if (deleted < PURGE_BATCH) return purged;
  }
}
