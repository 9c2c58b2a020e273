import type { Knex } from 'knex';
import { addCounts, type Counts, type Outcomes } from '../../domain/statistics.ts';
import type { Database } from '../engine/connect.ts';

/** An entry's end may carry another process's time; machines' clocks differ by less, in ms. */
const SKEW_MS = 60_000;

interface Row {
  readonly status: string;
  readonly reason: string | null;
  readonly ended: number | string;
  readonly created: number | string;
  readonly folded: number | string;
}

/** An alert that ends later than this after it was accepted, in ms, is in alerts_late_index. */
const LATE_MS = 86_400_000;
/** Word for word that index's condition: else SQLite does not take it. */
const IS_LATE = `"endedAt" - "createdAt" > 86400000`;

/** Those that ended in this time or were accepted in it, each once, and some others: by two indexes, and never all that there are. */
function candidates(knex: Knex, from: number, to: number): (() => Knex.QueryBuilder)[] {
  const until = to + LATE_MS;
  const alerts = () => knex('Alerts').where({ notice: 0 });
  return [
    () =>
      alerts()
        .where('endedAt', '>=', from - SKEW_MS)
        .where('endedAt', '<', until),
    () =>
      alerts()
        .whereRaw(IS_LATE)
        .where('createdAt', '>=', from)
        .where('createdAt', '<', to)
        .where('endedAt', '>=', until),
    () => alerts().whereIn('status', ['queued', 'sending']),
  ];
}

/**
 * What was accepted and what ended in this time. SQLite: a day at one alert a second takes 0.2 s, of 2.6 million entries, however
 * long ago it was.
 */
export async function readOutcomes(
  { knex }: Database,
  from: number,
  to: number,
): Promise<Omit<Outcomes, 'activeIntegrations'>> {
  const within = (column: string) => `"${column}" >= ? AND "${column}" < ?`;
  const count = (condition: string) => knex.raw(`sum(CASE WHEN ${condition} THEN 1 ELSE 0 END)`, [from, to]);
  const columns = {
    ended: count(within('endedAt')),
    created: count(within('createdAt')),
    folded: count(`${within('createdAt')} AND "folded" IS NOT NULL`),
  };
  const grouped = (query: Knex.QueryBuilder) =>
    query.select('status', 'reason', columns).groupBy('status', 'reason') as Promise<Row[]>;
  const rows: Row[] = [];
  // One after the other: SQLite has one connection, and what is between them may go on.
  for (const some of candidates(knex, from, to)) rows.push(...(await grouped(some())));
  const total = (of: 'created' | 'folded') => rows.reduce((sum, row) => sum + Number(row[of]), 0);
  const by = (status: string): Counts =>
    addCounts(
      rows
        .filter((row) => row.status === status && Number(row.ended) > 0)
        .map((row) => ({ [row.reason ?? '']: Number(row.ended) })),
    );
  // A delivered one may have kept the reason of a try that was put back.
  const all = (status: string) => Object.values(by(status)).reduce((sum, one) => sum + one, 0);
  return {
    ...{ accepted: total('created'), folded: total('folded') },
    ...{ delivered: all('delivered'), expired: all('expired') },
    ...{ failed: by('failed'), uncertain: by('uncertain') },
  };
}

/** Integrations of which an alert was accepted in this time. */
export async function countActive({ knex }: Database, from: number, to: number): Promise<number> {
  const [first, ...others] = candidates(knex, from, to).map((some) =>
    some().select('integrationId').where('createdAt', '>=', from).where('createdAt', '<', to),
  );
  const all = others.reduce((union, other) => union.union(other), first as Knex.QueryBuilder);
  const [row] = await knex.from(all.as('active')).count({ count: '*' });
  return Number(row?.count ?? 0);
}

/** Notices are messages, too; what was folded into one is none. */
export async function readSends({ knex }: Database, from: number, to: number): Promise<Map<number, number>> {
  // Without a condition on the status SQLite takes the index of times.
  const ended = knex('Alerts')
    .select({ minute: knex.raw('("endedAt" - CAST(? AS BIGINT)) / 60000', [from]) })
    .select({
      isSend: knex.raw(`CASE WHEN "status" = 'delivered' AND "folded" IS NULL THEN 1 ELSE 0 END`),
    })
    .where('endedAt', '>=', from)
    .where('endedAt', '<', to);
  const rows: { minute: number | string; sends: number | string }[] = await knex
    .from(ended.as('ended'))
    .select('minute')
    .sum({ sends: 'isSend' })
    .groupBy('minute');
  return new Map(
    rows.filter(({ sends }) => Number(sends) > 0).map((row) => [Number(row.minute), Number(row.sends)]),
  );
}
