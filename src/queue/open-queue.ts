import { Queue } from 'bullmq';
import type { RedisClient } from '../redis/connect.ts';

/** Entries of BullMQ's stream of events, which nothing of ours reads. */
const MOST_EVENTS = 1_000;

/** One of BullMQ's queues on a connection that stays the caller's: close the queue first. */
export function openQueue<Data>(
  name: string,
  deps: { redis: RedisClient; prefix: string; onError(error: Error): void },
): Queue<Data> {
  const queue = new Queue<Data>(name, {
    // BullMQ types its clients more loosely than ioredis does.
    connection: deps.redis as never,
    prefix: deps.prefix,
    // Built while Redis is down it must not stay broken: both options, or neither (bullmq 6).
    skipWaitingForReady: true,
    skipVersionCheck: true,
    streams: { events: { maxLen: MOST_EVENTS } },
  });
  return queue.on('error', deps.onError);
}
