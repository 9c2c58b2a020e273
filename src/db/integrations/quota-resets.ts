import type { Knex } from 'knex';
import { raw } from 'objection';
import { retryConflicts } from '../engine/conflicts.ts';
import type { Database } from '../engine/connect.ts';
import { IntegrationModel } from '../models/integration-model.ts';
import { JobRunModel } from '../models/job-run-model.ts';

/** The name of the midnight reset in JobRuns. */
export const QUOTA_RESET = 'quota-reset';

/** @see IntegrationRepository.resetQuotas */
export function resetQuotas(db: Database, slot: string, now: number): Promise<number | undefined> {
  return retryConflicts(() =>
    db.knex.transaction(async (trx) => {
      if (!(await mark(trx, slot, now))) return undefined;
      // In the order of accept's locks, so that the two wait for each other in one direction only.
      if (db.dialect === 'postgres') {
        await trx.raw('SELECT "id" FROM "Integrations" ORDER BY "id" FOR UPDATE');
      }
      // Only rows that differ: on a large table most have used nothing.
      await IntegrationModel.query(trx)
        .patch({ rateLimit: raw('??', ['dailyLimit']), updatedAt: now })
        .whereColumn('rateLimit', '<>', 'dailyLimit');
      return IntegrationModel.query(trx).resultSize();
    }),
  );
}

/** The slot that was marked last, or undefined. */
export async function lastQuotaReset(knex: Knex): Promise<string | undefined> {
  const run = await JobRunModel.query(knex)
    .where('name', QUOTA_RESET)
    .orderBy([
      { column: 'ranAt', order: 'desc' },
      { column: 'slot', order: 'desc' },
    ])
    .first();
  return run?.slot;
}

/**
 * Marks the slot as done. False if it was marked before; a mark that another transaction is just making is waited
 * for, so that of any number of processes exactly one gets true.
 */
export async function mark(knex: Knex, slot: string, now: number): Promise<boolean> {
  // Not through the model: Objection answers with the row also where nothing was inserted.
  const inserted: unknown[] = await knex(JobRunModel.tableName)
    .insert({ name: QUOTA_RESET, slot, ranAt: now })
    .onConflict(['name', 'slot'])
    .ignore()
    .returning('slot');
  return inserted.length > 0;
}
