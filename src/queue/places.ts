import type { RedisClient } from '../redis/connect.ts';
import type { AlertJob } from '../services/ports/queue.ts';
import type { DispatchCommands } from './commands.ts';
import { dispatchKeys } from './keys.ts';

/** BullMQ's highest priority is 2^21 (its PRIORITY_LIMIT), and a turn takes two of them. */
const MAX_TURN = 2 ** 20 - 1;
/** Priority of a scheduled alert until it is due and gets its turn: before all others, so that it is seen at once. */
export const NO_TURN = 1;
/**
 * Texts and lines are kept for 30 days at the longest, in ms: as long as the ledger's entries. An alert that is sent
 * lives 14 days (scheduled 7 days ahead, with a ttl of 7 days).
 */
const KEEP_MS = 30 * 86_400_000;
/** Ids per page when all places are looked through. */
const PAGE = 1_000;

export interface PlaceLimits {
  /** Most pending alerts, over all processes. */
  readonly maxPending: number;
  /** Most pending alerts of one chat; 0: no bound of its own. */
  readonly maxPendingPerChat: number;
  /** Most scheduled alerts, and of one chat. */
  readonly maxScheduled: number;
  readonly maxScheduledPerChat: number;
  /** Highest turn; lower only in tests. */
  readonly maxTurn?: number;
}

export interface Reservation {
  readonly job: Pick<AlertJob, 'alertId' | 'chat' | 'priority'>;
  /** When it may be sent: at once, at a time (epoch ms), or now that this time has come. */
  readonly due: 'now' | number | 'come';
  /** The sealed text; null: it is there already. */
  readonly sealed: string | null;
}

/** `no_place`: of a due alert alone, which has left meanwhile. */
export type Refusal =
  | 'queue_full'
  | 'chat_queue_full'
  | 'schedule_full'
  | 'chat_schedule_full'
  | 'text_gone'
  | 'no_place';
/** BullMQ's priority for the alert, or why it got no place. */
export type Place = { readonly priority: number } | { readonly refusal: Refusal };

/** By the negated answer of lua/reserve.lua. */
const REFUSALS: readonly (Refusal | undefined)[] = [
  undefined,
  'queue_full',
  'chat_queue_full',
  'schedule_full',
  'chat_schedule_full',
  'text_gone',
  'no_place',
];

export interface Places {
  /** Places for alerts, in their order; all or none are written (one script). */
  reserve(reservations: readonly Reservation[]): Promise<Place[]>;
  /**
   * Gives a place up, and the text after `keepTextMs` (0: at once).
   * Returns the alert that is first in its chat's line now, and in how many ms it may be sent.
   */
  leave(
    job: Pick<AlertJob, 'alertId' | 'chat' | 'isGroup'>,
    keepTextMs: number,
  ): Promise<{ readonly alertId: string; readonly ms: number } | undefined>;
  /** Scheduled alerts whose time has come by `now` (epoch ms) and that have no turn yet, the earliest first. */
  due(now: number, limit: number): Promise<string[]>;
  /** The chat of each alert that has a place. */
  chatsOf(alertIds: readonly string[]): Promise<Map<string, string>>;
  /** All alerts that have a place, page by page; one may come twice. */
  all(): AsyncIterable<readonly string[]>;
  hasText(alertId: string): Promise<boolean>;
  /** The scores of members of one of BullMQ's sets, in their order; null for those that are not in it. */
  scoresIn(key: string, members: readonly string[]): Promise<(string | null)[]>;
  counts(): Promise<{ readonly pending: number; readonly scheduled: number }>;
}

/** Who holds a place: the caps, the turns and lines of the chats, and the sealed texts; see the scripts in lua/. */
export function createPlaces(deps: {
  redis: RedisClient & DispatchCommands;
  prefix: string;
  limits: PlaceLimits;
  chatDelayMs: number;
  groupLimitPerMinute: number;
}): Places {
  const { redis, limits } = deps;
  const keys = dispatchKeys(deps.prefix);
  const shared = [keys.pending, keys.scheduled, keys.due, keys.chats, keys.held, keys.clock, keys.next];

  return {
    async reserve(reservations) {
      const allKeys = [
        ...shared,
        ...reservations.flatMap(({ job }) => [keys.line(job.chat), keys.text(job.alertId)]),
      ];
      const answers = await redis.pinguiReserve(
        allKeys.length,
        ...allKeys,
        ...[limits.maxPending, limits.maxPendingPerChat, limits.maxScheduled, limits.maxScheduledPerChat],
        ...[limits.maxTurn ?? MAX_TURN, KEEP_MS],
        ...reservations.flatMap(({ job, due, sealed }) => [
          ...[job.alertId, job.chat, job.priority === 'high' ? '1' : '0'],
          ...[due === 'now' ? '' : due === 'come' ? 'due' : due, sealed ?? ''],
        ]),
      );
      // The script answers with a number for each alert.
      return (answers as number[]).map((answer): Place => {
        const refusal = REFUSALS[-answer];
        return refusal === undefined ? { priority: answer } : { refusal };
      });
    },

    async leave({ alertId, chat, isGroup }, keepTextMs) {
      const allKeys = [...shared, keys.line(chat), keys.gate(chat), keys.sent(chat), keys.text(alertId)];
      const [next, ms] = (await redis.pinguiLeave(
        allKeys.length,
        ...allKeys,
        ...[alertId, chat, keepTextMs, deps.chatDelayMs, isGroup ? deps.groupLimitPerMinute : 0],
      )) as [string, number];
      return next === '' ? undefined : { alertId: next, ms };
    },

    due: (now, limit) => redis.zrangebyscore(keys.scheduled, '-inf', now, 'LIMIT', 0, limit),

    async chatsOf(alertIds) {
      if (alertIds.length === 0) return new Map();
      const chats = await redis.hmget(keys.chats, ...alertIds);
      const known = alertIds.map((id, index) => [id, chats[index] ?? null] as const);
      return new Map(known.filter((one): one is [string, string] => one[1] !== null));
    },

    async *all() {
      let cursor = '0';
      do {
        const [next, fields] = await redis.hscan(keys.chats, cursor, 'COUNT', PAGE);
        yield fields.filter((_, index) => index % 2 === 0);
        cursor = next;
      } while (cursor !== '0');
    },

    hasText: async (alertId) => (await redis.exists(keys.text(alertId))) === 1,

    scoresIn: (key, members) => redis.zmscore(key, ...members),

    async counts() {
      const [pending, scheduled, due] = await Promise.all([
        redis.zcard(keys.pending),
        redis.zcard(keys.scheduled),
        redis.zcard(keys.due),
      ]);
      return { pending, scheduled: scheduled + due };
    },
  };
}
