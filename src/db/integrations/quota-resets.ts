import type { Knex } from 'knex';
import { raw } from 'objection';
import { pause } from '../../async/pause.ts';
import { retryConflicts } from '../engine/conflicts.ts';
import type { Database } from '../engine/connect.ts';
import { staleAt } from '../incidents/incident-rows.ts';
import { IncidentModel } from '../models/incident-model.ts';
import { IntegrationModel } from '../models/integration-model.ts';
import { JobRunModel } from '../models/job-run-model.ts';

/** The name of the midnight reset in JobRuns. */
export const QUOTA_RESET = 'quota-reset';
/** Integrations per transaction: accepts of theirs wait for it, about 0.1 s on PostgreSQL. */
const BATCH = 10_000;
/** Machines' clocks differ by less, in ms: what is further ahead was marked before a clock was set back. */
const AHEAD_MS = 60_000;

interface Reset {
  readonly slot: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** MAX_ALERTS: the limit of all integrations that have none of their own. */
  readonly dailyLimit: number;
}

/**
 * @see IntegrationRepository.resetQuotas. Goes on where an earlier run of the slot was cut off. Rests after each batch for
 * as long as it took: other processes get SQLite's write lock by trying again, and never between two batches on end.
 */
export async function resetQuotas(db: Database, reset: Reset): Promise<number | undefined> {
  await voidMarksAhead(db.knex, reset.now);
  await mark(db.knex, reset.slot, reset.now, 0);
  for (;;) {
    const began = performance.now();
    const step = await retryConflicts(() => db.knex.transaction((trx) => resetBatch(db, trx, reset)));
    if (step === 'done_before') return undefined;
    if (step === 'done') return IntegrationModel.query(db.knex).resultSize();
    await pause(performance.now() - began);
  }
}

/** What a clock that was ahead has marked as done is not: else the days that it has seen would get no quota. */
async function voidMarksAhead(knex: Knex, now: number): Promise<void> {
  await JobRunModel.query(knex)
    .delete()
    .where('name', QUOTA_RESET)
    .where('ranAt', '>', now + AHEAD_MS);
}

/** The next integrations in the order of their ids; the mark's row is locked first, so that processes take turns. */
async function resetBatch(
  { dialect }: Database,
  trx: Knex.Transaction,
  { slot, now, dailyLimit }: Reset,
): Promise<'more' | 'done' | 'done_before'> {
  const run = () => JobRunModel.query(trx).where({ name: QUOTA_RESET, slot });
  const [locked] = await run()
    .patch({ position: raw('??', ['position']) })
    .returning('position');
  const from = locked?.position ?? null;
  if (from === null) return 'done_before';
  const ids = `SELECT "id" FROM "Integrations" WHERE "id" > ? ORDER BY "id" LIMIT ?`;
  // In the order of accept's locks, so that the two wait for each other in one direction only; who holds an incident may
  // still write an entry that refers to its integration.
  const lock = dialect === 'postgres' ? 'FOR NO KEY UPDATE' : '';
  const answer = await trx.raw(`SELECT max("id") AS "last" FROM (${ids} ${lock}) AS batch`, [from, BATCH]);
  const [row] = (dialect === 'postgres' ? answer.rows : answer) as { last: number | null }[];
  const last = row?.last ?? null;
  await run().patch({ position: last });
  if (last === null) return 'done';
  // Only rows that differ: on a large table most have used nothing.
  await IntegrationModel.query(trx)
    .patch({
      dailyLimit: raw('CASE WHEN "ownLimit" = 1 THEN "dailyLimit" ELSE ? END', [dailyLimit]),
      rateLimit: raw('CASE WHEN "ownLimit" = 1 THEN "dailyLimit" ELSE ? END', [dailyLimit]),
      carriedOver: 0,
      // What was taken before does not come back into the new quota. Where nothing was, the period may go on.
      period: raw('?? + 1', ['period']),
      toldAt: null,
      folded: 0,
      updatedAt: now,
    })
    .whereBetween('id', [from + 1, last])
    .where((changed) =>
      changed
        .whereColumn('rateLimit', '<>', 'dailyLimit')
        .orWhere('carriedOver', '<>', 0)
        .orWhere('folded', '<>', 0)
        .orWhere((other) => other.where('ownLimit', 0).where('dailyLimit', '<>', dailyLimit)),
    );
  await IncidentModel.query(trx)
    .patch(staleAt(now))
    .whereNotNull('titleIds')
    .whereNull('closedAt')
    .whereBetween('integrationId', [from + 1, last]);
  return 'more';
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

/** Marks the slot as done, unless it was begun before. */
export function markDone(knex: Knex, slot: string, now: number): Promise<void> {
  return mark(knex, slot, now, null);
}

/** A mark that another transaction is just making is waited for. */
async function mark(knex: Knex, slot: string, now: number, position: number | null): Promise<void> {
  await knex(JobRunModel.tableName)
    .insert({ name: QUOTA_RESET, slot, ranAt: now, position })
    .onConflict(['name', 'slot'])
    .ignore();
}
