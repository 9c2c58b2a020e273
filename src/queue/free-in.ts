import type { RedisClient } from '../redis/connect.ts';
import { dispatchKeys } from './keys.ts';
import { readPausedUntil } from './pace.ts';
import type { Refusal } from './places.ts';

export type FullRefusal = Exclude<Refusal, 'text_gone' | 'no_place'>;

/** So many of the next scheduled alerts are looked through for a chat's own. */
const LOOK_AHEAD = 1_000;
/** What is told where none of them is the chat's, in ms. */
const LATER_MS = 3_600_000;

/**
 * In how many ms a place is likely free, for the Retry-After of a refusal: one leaves the queue with each send, a scheduled
 * alert leaves the schedule when it has been sent.
 */
export function createFreeIn(deps: {
  redis: RedisClient;
  prefix: string;
  sendDelayMs: number;
  chatDelayMs: number;
}): (refusal: FullRefusal, chat: string) => Promise<number> {
  const { redis, prefix, sendDelayMs } = deps;
  const keys = dispatchKeys(prefix);

  async function nextSendMs(): Promise<number> {
    return Math.max(0, ((await readPausedUntil(redis, prefix)) ?? 0) - Date.now()) + sendDelayMs;
  }

  async function nextOfChatMs(chat: string): Promise<number> {
    const [until, wait] = await redis.hmget(keys.gate(chat), 'until', 'wait');
    const blockedMs = Math.min(Number(until ?? 0) - Date.now(), Number(wait ?? 0));
    return Math.max(await nextSendMs(), blockedMs + sendDelayMs, deps.chatDelayMs);
  }

  async function nextDueMs(chat: string | undefined): Promise<number> {
    if (chat === undefined && (await redis.zcard(keys.due)) > 0) return nextSendMs();
    const count = chat === undefined ? 1 : LOOK_AHEAD;
    const found = await redis.zrange(keys.scheduled, '0', String(count - 1), 'WITHSCORES');
    const ids = found.filter((_, index) => index % 2 === 0);
    const chats = ids.length === 0 || chat === undefined ? [] : await redis.hmget(keys.chats, ...ids);
    const at = chat === undefined ? 0 : chats.indexOf(chat);
    const dueAt = found[2 * at + 1];
    return dueAt === undefined ? LATER_MS : Math.max(0, Number(dueAt) - Date.now()) + sendDelayMs;
  }

  return (refusal, chat) => {
    switch (refusal) {
      case 'queue_full':
        return nextSendMs();
      case 'chat_queue_full':
        return nextOfChatMs(chat);
      case 'schedule_full':
        return nextDueMs(undefined);
      case 'chat_schedule_full':
        return nextDueMs(chat);
    }
  };
}
