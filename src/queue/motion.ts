import type { Queue } from 'bullmq';
import type { RedisClient } from '../redis/connect.ts';
import type { QueueMotion } from '../services/ports/queue.ts';
import { dispatchKeys } from './keys.ts';
import { readFloodWait } from './pace.ts';

/** How the queue moves, over all workers: what any process can see of it in Redis. */
export function createMotion(deps: {
  redis: RedisClient;
  queue: Queue;
  /** QUEUE_PREFIX */
  prefix: string;
}): () => Promise<QueueMotion> {
  const { redis, queue, prefix } = deps;
  const keys = dispatchKeys(prefix);
  /** The score of the first: when it took its place, or came due (lua/reserve.lua). */
  const firstOf = async (key: string) =>
    Number((await redis.zrange(key, '0', '0', 'WITHSCORES'))[1] ?? Infinity);

  return async () => {
    const [isPaused, floodWait, last, pending, due] = await Promise.all([
      queue.isPaused(),
      readFloodWait(redis, prefix),
      redis.hget(keys.pace, 'last'),
      firstOf(keys.pending),
      firstOf(keys.due),
    ]);
    const oldest = Math.min(pending, due);
    return {
      isPaused,
      pausedUntil: floodWait?.until ?? null,
      isWholeBotFlooded: floodWait?.scope === 'bot',
      lastSentAt: last === null ? null : Number(last),
      oldestAt: Number.isFinite(oldest) ? oldest : null,
    };
  };
}

/** A write where the queue's keys are, with an expiry: what reads do not show (no memory, no disk, a replica). */
export async function probeWrite(redis: RedisClient, prefix: string): Promise<void> {
  await redis.set(`${prefix}:health`, '1', 'PX', 60_000);
}
