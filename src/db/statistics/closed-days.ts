import type { Knex } from 'knex';
import { type Counts, NO_OUTCOMES, type Outcomes } from '../../domain/statistics.ts';

const TABLE = 'DailyCounts';
const NUMBERS = ['accepted', 'folded', 'delivered', 'expired', 'activeIntegrations'] as const;
const REASONS = ['failed', 'uncertain'] as const;

interface Row {
  readonly date: string;
  readonly what: string;
  readonly code: string;
  readonly count: number;
}

/** Each day has its numbers, also where they are 0: that it is there says that it is closed. */
export async function insertDay(knex: Knex, date: string, outcomes: Outcomes): Promise<void> {
  const rows = [
    ...NUMBERS.map((what) => ({ date, what, code: '', count: outcomes[what] })),
    ...REASONS.flatMap((what) =>
      Object.entries(outcomes[what]).map(([code, count]) => ({ date, what, code, count })),
    ),
  ];
  await knex.transaction(async (trx) => {
    // Whoever has written the first row writes the day.
    const [first] = await trx(TABLE)
      .insert(rows[0])
      .onConflict(['date', 'what', 'code'])
      .ignore()
      .returning('date');
    if (first !== undefined) await trx(TABLE).insert(rows.slice(1));
  });
}

export async function findDays(knex: Knex, first: string, last: string): Promise<Map<string, Outcomes>> {
  const rows: Row[] = await knex(TABLE).where('date', '>=', first).where('date', '<=', last);
  const days = new Map<string, Row[]>();
  for (const row of rows) days.set(row.date, [...(days.get(row.date) ?? []), row]);
  return new Map([...days].map(([date, ofDay]) => [date, toOutcomes(ofDay)]));
}

function toOutcomes(rows: readonly Row[]): Outcomes {
  const number = (what: (typeof NUMBERS)[number]) =>
    Number(rows.find((row) => row.what === what)?.count ?? 0);
  const reasons = (what: (typeof REASONS)[number]): Counts =>
    Object.fromEntries(
      rows.filter((row) => row.what === what).map(({ code, count }) => [code, Number(count)] as const),
    );
  return {
    ...NO_OUTCOMES,
    ...Object.fromEntries(NUMBERS.map((what) => [what, number(what)])),
    failed: reasons('failed'),
    uncertain: reasons('uncertain'),
  };
}

export async function findRange(
  knex: Knex,
): Promise<{ readonly first: string; readonly last: string } | undefined> {
  const [row] = await knex(TABLE).min({ first: 'date' }).max({ last: 'date' });
  return row?.first == null ? undefined : { first: row.first, last: row.last };
}

export async function deleteDaysFrom(knex: Knex, date: string): Promise<void> {
  await knex(TABLE).delete().where('date', '>=', date);
}
