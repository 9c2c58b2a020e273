import type {
  QuotaHitCount,
  QuotaHits,
  RefusalCount,
  StatisticsRepository,
} from '../../services/ports/statistics.ts';
import { retryConflicts } from '../engine/conflicts.ts';
import type { Database } from '../engine/connect.ts';
import { createSession } from '../engine/session.ts';
import type { Statement } from '../engine/statement.ts';
import { deleteDaysFrom, findDays, findRange, insertDay } from './closed-days.ts';
import { countActive, readOutcomes, readSends } from './ledger-numbers.ts';
import { readOpenIncidents } from './open-incidents.ts';

/** Adds rows of [key, other key, count] to what a table has counted; the keys with their types in PostgreSQL. */
function add(
  name: string,
  table: string,
  keys: Readonly<Record<string, 'bigint' | 'int' | 'text'>>,
): Statement {
  const names = Object.keys(keys);
  const columns = [...names, 'count'];
  const into = (rows: string) => `
  INSERT INTO "${table}" (${columns.map((column) => `"${column}"`).join(', ')}) SELECT ${rows}
  ON CONFLICT (${names.map((column) => `"${column}"`).join(', ')}) DO UPDATE
    SET "count" = "${table}"."count" + excluded."count"`;
  const types = Object.entries({ ...keys, count: 'bigint' }).map(([column, type]) => `"${column}" ${type}`);
  return {
    name,
    // SQLite reads ON after a table's name as a join's, unless a WHERE comes before it.
    sqlite: into(
      `${columns.map((column) => `value ->> '$.${column}'`).join(', ')} FROM json_each(?) WHERE true`,
    ),
    postgres: into(`* FROM json_to_recordset($1::json) AS r (${types.join(', ')}) ORDER BY 1, 2`),
  };
}

/** [RefusalCount] */
const ADD_REFUSALS = add('add-refusals', 'Refusals', { slot: 'bigint', code: 'text' });
/** [QuotaHitCount] */
const ADD_HITS = add('add-quota-hits', 'QuotaHits', { date: 'text', integrationId: 'int' });

/** The statistics of one database. */
export function createStatisticsRepository(db: Database): StatisticsRepository {
  const { knex } = db;
  const session = createSession(db);

  return {
    addRefusals: (refusals: readonly RefusalCount[], hits: readonly QuotaHitCount[]) =>
      session.transaction(async (run) => {
        if (refusals.length > 0) await run(ADD_REFUSALS, JSON.stringify(refusals));
        if (hits.length > 0) await run(ADD_HITS, JSON.stringify(hits));
      }),

    outcomes: (from, to) => readOutcomes(db, from, to),
    activeIntegrations: (from, to) => countActive(db, from, to),
    sendsByMinute: (from, to) => readSends(db, from, to),

    async refusals(from, to) {
      return knex<RefusalCount>('Refusals')
        .select('slot', 'code', 'count')
        .where('slot', '>=', from)
        .where('slot', '<', to);
    },

    closedDays: (first, last) => findDays(knex, first, last),
    closedRange: () => findRange(knex),
    closeDay: (date, outcomes) => retryConflicts(() => insertDay(knex, date, outcomes)),
    reopenFrom: (date) => deleteDaysFrom(knex, date),

    async purge({ date, time }) {
      await knex('QuotaHits').delete().where('date', '<', date);
      await knex('Refusals').delete().where('slot', '<', time);
    },

    openIncidents: (most) => readOpenIncidents(knex, most),

    async quotaHits(since, today, most) {
      const rows = await knex({ q: 'QuotaHits' })
        .leftJoin({ i: 'Integrations' }, 'i.id', 'q.integrationId')
        .select('q.integrationId', 'i.name', 'i.chatId')
        .sum({ inAll: 'q.count' })
        .sum({ today: knex.raw('CASE WHEN q."date" = ? THEN q."count" ELSE 0 END', [today]) })
        .where('q.date', '>=', since)
        .groupBy('q.integrationId', 'i.name', 'i.chatId')
        .orderBy([{ column: 'inAll', order: 'desc' }, { column: 'q.integrationId' }])
        .limit(most)
        // knex types the sums alone.
        .then(
          (found: unknown) =>
            found as (Omit<QuotaHits, 'today' | 'inAll'> & { today: unknown; inAll: unknown })[],
        );
      return rows.map((row) => ({ ...row, today: Number(row.today), inAll: Number(row.inAll) }));
    },
  };
}
