import type { Outcomes } from '../../domain/statistics.ts';

/** Refusals of one quarter of an hour (its beginning, epoch ms). */
export interface RefusalCount {
  readonly slot: number;
  readonly code: string;
  readonly count: number;
}

/** Refusals of one integration for its used-up quota. */
export interface QuotaHitCount {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly integrationId: number;
  readonly count: number;
}

export interface QuotaHits {
  readonly integrationId: number;
  /** Null: the integration is gone. */
  readonly name: string | null;
  readonly chatId: number | null;
  readonly today: number;
  readonly inAll: number;
}

export interface OpenIncident {
  readonly id: string;
  readonly integrationId: number;
  readonly name: string | null;
  readonly chatId: number | null;
  readonly state: string;
  readonly count: number;
  readonly openedAt: number;
  readonly lastAt: number;
}

/** Numbers over all processes. Times are epoch milliseconds, `to` is not included. */
export interface StatisticsRepository {
  /** Adds to what is there, all or nothing. */
  addRefusals(refusals: readonly RefusalCount[], hits: readonly QuotaHitCount[]): Promise<void>;
  /** From the ledger, which knows what was accepted or ended within the last 30 days. */
  outcomes(from: number, to: number): Promise<Omit<Outcomes, 'activeIntegrations'>>;
  /** Of the same time: integrations of which an alert was accepted. */
  activeIntegrations(from: number, to: number): Promise<number>;
  /** Of the quarters of an hour that begin in this time. */
  refusals(from: number, to: number): Promise<RefusalCount[]>;
  /** The closed days among these, by date. */
  closedDays(first: string, last: string): Promise<Map<string, Outcomes>>;
  /** Undefined: none is closed. */
  closedRange(): Promise<{ readonly first: string; readonly last: string } | undefined>;
  /** Keeps a day's numbers for good; a day that is closed already stays as it is. */
  closeDay(date: string, outcomes: Outcomes): Promise<void>;
  /** Forgets the closed days from `date` on: a clock that was ahead has closed them. */
  reopenFrom(date: string): Promise<void>;
  /** Forgets hits of days before `date`, and refusals before `time`. */
  purge(before: { readonly date: string; readonly time: number }): Promise<void>;
  /** Messages that were delivered, by the minute from `from` on; minutes without any are left out. */
  sendsByMinute(from: number, to: number): Promise<Map<number, number>>;
  /** How many incidents take alerts, by state, and those of them that had one last. */
  openIncidents(most: number): Promise<{
    readonly open: number;
    readonly acknowledged: number;
    readonly newest: readonly OpenIncident[];
  }>;
  /** The integrations with the most hits since the day `since`. */
  quotaHits(since: string, today: string, most: number): Promise<QuotaHits[]>;
}
