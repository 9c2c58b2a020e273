import {
  type AlertStatistics,
  addCounts,
  addDays,
  boundsOf,
  type Counts,
  type DailyStatistics,
  dayOf,
  daysBetween,
  NO_OUTCOMES,
  type Outcomes,
  SLOT_MS,
  toDaily,
} from '../../domain/statistics.ts';
import type { Clock } from '../ports/clock.ts';
import type { JobRuns } from '../ports/jobs.ts';
import type { RefusalCount, StatisticsRepository } from '../ports/statistics.ts';

export interface StatisticsService {
  /** The days from `from` to `to` (YYYY-MM-DD) that are known, today so far included. */
  daily(from: string, to: string): Promise<DailyStatistics[]>;
  /** The last 24 h; refusals to a quarter of an hour. */
  lastDay(): Promise<AlertStatistics>;
  /** Today and the 29 days before it. */
  lastMonth(): Promise<AlertStatistics & { readonly days: readonly DailyStatistics[] }>;
  /** Keeps the numbers of the next day that has ended; to be called again and again, by any process. */
  closeDays(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** The ledger knows what ended within 30 days, and of the 30th only a part. */
export const MONTH_DAYS = 30;
/** A day is closed so long after its end, in ms: what was written late (a locked database) is in it. */
const CLOSE_AFTER_MS = 120_000;
/** Refusals are kept as long as anybody compares years. */
const REFUSALS_KEEP_MS = 800 * DAY_MS;

export function createStatisticsService(deps: {
  statistics: StatisticsRepository;
  jobRuns: Pick<JobRuns, 'history'>;
  clock: Clock;
  timeZone: string;
}): StatisticsService {
  const { statistics, clock, timeZone } = deps;
  const today = () => dayOf(clock.now(), timeZone);

  /** Counted now where the day is not closed yet. */
  async function outcomesOf(days: readonly string[]): Promise<Map<string, Outcomes>> {
    const [first, last] = [days.at(0), days.at(-1)];
    if (first === undefined || last === undefined) return new Map();
    const known = await statistics.closedDays(first, last);
    for (const day of days) {
      if (known.has(day)) continue;
      known.set(day, await countDay(day));
    }
    return known;
  }

  async function countDay(day: string): Promise<Outcomes> {
    const { from, to } = boundsOf(day, timeZone);
    const activeIntegrations = await statistics.activeIntegrations(from, to);
    return { ...(await statistics.outcomes(from, to)), activeIntegrations };
  }

  async function refusedOn(days: readonly string[]): Promise<Map<string, Counts>> {
    const [first, last] = [days.at(0), days.at(-1)];
    if (first === undefined || last === undefined) return new Map();
    const { from } = boundsOf(first, timeZone);
    const rows = await statistics.refusals(from, boundsOf(last, timeZone).to);
    const byDay = new Map<string, RefusalCount[]>();
    for (const row of rows) {
      const day = dayOf(row.slot, timeZone);
      const known = byDay.get(day);
      if (known === undefined) byDay.set(day, [row]);
      else known.push(row);
    }
    return new Map([...byDay].map(([day, of]) => [day, byCode(of)]));
  }

  async function collect(days: readonly string[]) {
    const first = await firstDay();
    const known = days.filter((day) => day >= first);
    const [outcomes, refused] = [await outcomesOf(known), await refusedOn(known)];
    return days.map((date) => ({
      date,
      outcomes: outcomes.get(date) ?? NO_OUTCOMES,
      refused: refused.get(date) ?? {},
    }));
  }

  /** The first day that anything is known of. */
  async function firstDay(): Promise<string> {
    return (await statistics.closedRange())?.first ?? firstUnclosed();
  }

  /** What the ledger still knows in full, and not before there was anything. */
  async function firstUnclosed(): Promise<string> {
    const { installedAt = clock.now() } = await deps.jobRuns.history();
    const known = addDays(today(), 1 - MONTH_DAYS);
    const installed = dayOf(installedAt, timeZone);
    return [installed, known].sort().at(-1) ?? known;
  }

  /** The last day that this process knows to be closed. */
  let closedThrough = '';

  return {
    async daily(from, to) {
      const first = await firstDay();
      const known = daysBetween(first, today()).filter((day) => from <= day && day <= to);
      const days = await collect(known);
      return days.map(({ date, outcomes, refused }) => toDaily(date, outcomes, refused));
    },

    async lastDay() {
      const now = clock.now();
      const outcomes = await statistics.outcomes(now - DAY_MS, now + 1);
      const from = now - DAY_MS;
      return { ...outcomes, refused: byCode(await statistics.refusals(from - (from % SLOT_MS), now + 1)) };
    },

    async lastMonth() {
      const days = await collect(daysBetween(addDays(today(), 1 - MONTH_DAYS), today()));
      return {
        ...addOutcomes(days.map(({ outcomes }) => outcomes)),
        refused: addCounts(days.map(({ refused }) => refused)),
        days: days.map(({ date, outcomes, refused }) => toDaily(date, outcomes, refused)),
      };
    },

    async closeDays() {
      const now = clock.now();
      const last = addDays(dayOf(now - CLOSE_AFTER_MS, timeZone), -1);
      if (closedThrough === last) return;
      await statistics.reopenFrom(today());
      const range = await statistics.closedRange();
      const next = range === undefined ? await firstUnclosed() : addDays(range.last, 1);
      // One at a time: after an update there are 29 of them, and neither an accept nor a stop may wait for them all.
      if (next <= last) await statistics.closeDay(next, await countDay(next));
      if (next < last) return;
      await statistics.purge({ date: addDays(today(), -MONTH_DAYS), time: now - REFUSALS_KEEP_MS });
      closedThrough = last;
    },
  };
}

function byCode(rows: readonly RefusalCount[]): Counts {
  return addCounts(rows.map(({ code, count }) => ({ [code]: count })));
}

/** Active integrations cannot be added: most are so on several days. */
function addOutcomes(all: readonly Outcomes[]): Omit<AlertStatistics, 'refused'> {
  const total = (of: (one: Outcomes) => number) => all.reduce((count, one) => count + of(one), 0);
  return {
    accepted: total((one) => one.accepted),
    folded: total((one) => one.folded),
    delivered: total((one) => one.delivered),
    expired: total((one) => one.expired),
    failed: addCounts(all.map(({ failed }) => failed)),
    uncertain: addCounts(all.map(({ uncertain }) => uncertain)),
  };
}
