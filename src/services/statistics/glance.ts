import { addDays, dayOf } from '../../domain/statistics.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { StatisticsRepository } from '../ports/statistics.ts';
import { MONTH_DAYS } from './statistics.ts';

const MINUTE_MS = 60_000;
const MINUTES = 60;
const MOST_INTEGRATIONS = 10;
const MOST_INCIDENTS = 10;

/** Whose something is: never the chat's id. */
interface Whose {
  readonly integrationId: number;
  /** Null: the integration is gone. */
  readonly integration: string | null;
  /** The chat's keyed hash. */
  readonly chat: string | null;
}

export interface Glance {
  /**
   * Messages sent in each of the last 60 full minutes, and in this one so far; `from`: the first one's beginning (epoch ms).
   */
  sends(): Promise<{
    readonly from: number;
    readonly perMinute: readonly number[];
    readonly thisMinute: number;
  }>;
  /** The integrations that were refused most often for their quota, today and in 30 days. */
  quotaHits(): Promise<(Whose & { readonly today: number; readonly inMonth: number })[]>;
  /** How many are open, and those that had an alert last. Times are epoch ms. */
  incidents(): Promise<{
    readonly open: number;
    readonly acknowledged: number;
    readonly newest: readonly (Whose & {
      readonly id: string;
      readonly state: string;
      readonly count: number;
      readonly openedAt: number;
      readonly lastAt: number;
    })[];
  }>;
}

/** What an operator sees of senders at a glance: numbers, names and hashes. */
export function createGlance(deps: {
  statistics: Pick<StatisticsRepository, 'sendsByMinute' | 'quotaHits' | 'openIncidents'>;
  cipher: Pick<PayloadCipher, 'hashChat'>;
  clock: Clock;
  timeZone: string;
}): Glance {
  const { statistics, cipher, clock } = deps;

  function whose(row: {
    readonly integrationId: number;
    readonly name: string | null;
    readonly chatId: number | null;
  }): Whose {
    const chat = row.chatId === null ? null : cipher.hashChat(row.chatId);
    return { integrationId: row.integrationId, integration: row.name, chat };
  }

  return {
    async sends() {
      const now = clock.now();
      const to = now - (now % MINUTE_MS);
      const from = to - MINUTES * MINUTE_MS;
      const counts = await statistics.sendsByMinute(from, now + 1);
      const perMinute = Array.from({ length: MINUTES }, (_, minute) => counts.get(minute) ?? 0);
      return { from, perMinute, thisMinute: counts.get(MINUTES) ?? 0 };
    },

    async quotaHits() {
      const today = dayOf(clock.now(), deps.timeZone);
      const rows = await statistics.quotaHits(addDays(today, 1 - MONTH_DAYS), today, MOST_INTEGRATIONS);
      return rows.map((row) => ({ ...whose(row), today: row.today, inMonth: row.inAll }));
    },

    async incidents() {
      const { open, acknowledged, newest } = await statistics.openIncidents(MOST_INCIDENTS);
      return {
        open,
        acknowledged,
        newest: newest.map(({ id, state, count, openedAt, lastAt, ...row }) => ({
          ...{ id, state, count, openedAt, lastAt },
          ...whose(row),
        })),
      };
    },
  };
}
