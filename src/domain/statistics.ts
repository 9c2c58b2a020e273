import { DateTime } from 'luxon';
import { nextReset, quotaSlot } from './quota.ts';

/** Numbers by reason or code. */
export type Counts = Readonly<Record<string, number>>;

/** What became of alerts in a span of time. Alerts count when they are accepted, and again when they end. */
export interface Outcomes {
  readonly accepted: number;
  /** Of the accepted ones, those that went into a message that was there already. */
  readonly folded: number;
  readonly delivered: number;
  readonly expired: number;
  readonly failed: Counts;
  readonly uncertain: Counts;
  /** Integrations of which an alert was accepted. */
  readonly activeIntegrations: number;
}

/** The same over one or more days, with the refusals by code. */
export interface AlertStatistics extends Omit<Outcomes, 'activeIntegrations'> {
  readonly refused: Counts;
}

/** One day of the time zone, as a row of numbers (the contract's `GET /api/metrics/daily`). */
export interface DailyStatistics {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly accepted: number;
  readonly delivered: number;
  readonly failed: number;
  readonly uncertain: number;
  readonly expired: number;
  readonly refused: number;
  readonly folded: number;
  /** Refusals for a used-up quota. */
  readonly quotaHits: number;
  readonly activeIntegrations: number;
}

/** Refusals are counted by quarters of an hour, in ms: a day begins with one in every time zone of today. */
export const SLOT_MS = 15 * 60_000;

export const NO_OUTCOMES: Outcomes = {
  ...{ accepted: 0, folded: 0, delivered: 0, expired: 0, activeIntegrations: 0 },
  ...{ failed: {}, uncertain: {} },
};

/** The day (YYYY-MM-DD) of a moment (epoch ms) in the IANA time zone. */
export const dayOf = quotaSlot;

/** The day's first moment, and that of the next one (epoch ms). */
export function boundsOf(date: string, timeZone: string): { readonly from: number; readonly to: number } {
  const begin = DateTime.fromISO(date, { zone: timeZone }).startOf('day');
  const [first = begin] = begin.getPossibleOffsets();
  const from = first.toMillis();
  return { from, to: nextReset(from, timeZone) };
}

export function addDays(date: string, days: number): string {
  return DateTime.fromISO(date, { zone: 'utc' }).plus({ days }).toISODate() ?? date;
}

/** True for a date of the calendar in the form YYYY-MM-DD. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && DateTime.fromISO(text, { zone: 'utc' }).isValid;
}

/** The days from `first` to `last`, both included. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let day = first; day <= last; day = addDays(day, 1)) days.push(day);
  return days;
}

export function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

export function addCounts(all: readonly Counts[]): Counts {
  const total: Record<string, number> = {};
  for (const counts of all)
    for (const [code, count] of Object.entries(counts)) total[code] = (total[code] ?? 0) + count;
  return total;
}

/** @param refused of the same day, by code */
export function toDaily(
  date: string,
  { failed, uncertain, ...rest }: Outcomes,
  refused: Counts,
): DailyStatistics {
  const { accepted, delivered, expired, folded, activeIntegrations } = rest;
  return {
    ...{ date, accepted, delivered, failed: sum(failed), uncertain: sum(uncertain), expired },
    ...{ refused: sum(refused), folded, quotaHits: refused.quota_exhausted ?? 0, activeIntegrations },
  };
}
