import type { Knex } from 'knex';
import type { Counts, Outcomes } from '../../domain/statistics.ts';
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

/**
 * What was accepted and what ended in this time: one pass over one index (alerts_ended_index), and the few entries that
 * have not ended. SQLite took 0.5 s for a day at one alert a second on a machine that was eight times overloaded.
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
    query.select('status', 'reason', columns).where({ notice: 0 }).groupBy('status', 'reason') as Promise<
      Row[]
    >;
  const ended = await grouped(knex('Alerts').where('endedAt', '>=', from - SKEW_MS));
  const open = await grouped(knex('Alerts').whereIn('status', ['queued', 'sending']));
  const rows = [...ended, ...open];
  const total = (of: 'created' | 'folded') => rows.reduce((sum, row) => sum + Number(row[of]), 0);
  const by = (status: string): Counts =>
    Object.fromEntries(
      ended
        .filter((row) => row.status === status && Number(row.ended) > 0)
        .map((row) => [row.reason ?? '', Number(row.ended)] as const),
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
  const created = () =>
    knex('Alerts')
      .select('integrationId')
      .where('createdAt', '>=', from)
      .where('createdAt', '<', to)
      .where({ notice: 0 });
  const both = created()
    .where('endedAt', '>=', from - SKEW_MS)
    .union(created().whereIn('status', ['queued', 'sending']));
  const [row] = await knex.from(both.as('active')).count({ count: '*' });
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
