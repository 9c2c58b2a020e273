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

const add = (table: string, [key, other]: readonly [string, string], rows: string) => `
  INSERT INTO "${table}" ("${key}", "${other}", "count") SELECT ${rows}
  ON CONFLICT ("${key}", "${other}") DO UPDATE SET "count" = "${table}"."count" + excluded."count"`;

// SQLite reads ON after a table's name as a join's, unless a WHERE comes before it.
const fromSqlite = (columns: readonly string[]) =>
  `${columns.map((column) => `value ->> '$.${column}'`).join(', ')} FROM json_each(?) WHERE true`;

/** [RefusalCount] */
const ADD_REFUSALS: Statement = {
  name: 'add-refusals',
  sqlite: add('Refusals', ['slot', 'code'], fromSqlite(['slot', 'code', 'count'])),
  postgres: add(
    'Refusals',
    ['slot', 'code'],
    `* FROM json_to_recordset($1::json) AS r ("slot" bigint, "code" text, "count" bigint) ORDER BY 1, 2`,
  ),
};

/** [QuotaHitCount] */
const ADD_HITS: Statement = {
  name: 'add-quota-hits',
  sqlite: add('QuotaHits', ['date', 'integrationId'], fromSqlite(['date', 'integrationId', 'count'])),
  postgres: add(
    'QuotaHits',
    ['date', 'integrationId'],
    `* FROM json_to_recordset($1::json) AS r ("date" text, "integrationId" int, "count" bigint) ORDER BY 1, 2`,
  ),
};

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
