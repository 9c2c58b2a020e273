import { randomUUID } from 'node:crypto';
import { pause } from '../async/pause.ts';
import { within } from '../async/within.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { ProcessFacts } from '../services/ports/processes.ts';

/** A process says so often that it is there, in ms, and counts for so long after it last did. */
const BEAT_MS = 5_000;
const ALIVE_MS = 15_000;
/** Longest wait to say goodbye, in ms. */
const LEAVE_MS = 300;

/** The processes of this installation by their last sign of life: Redis's time, as machines' clocks differ. */
const keyOf = (prefix: string) => `${prefix}:processes`;

async function timeOf(redis: RedisClient): Promise<number> {
  const [seconds = 0, micros = 0] = (await redis.time()).map(Number);
  return seconds * 1_000 + Math.floor(micros / 1_000);
}

/** Those that are alive, in any process's view. @throws what Redis throws */
export function createProcessList(redis: RedisClient, prefix: string): () => Promise<ProcessFacts[]> {
  return async () => {
    const since = (await timeOf(redis)) - ALIVE_MS;
    const members = await redis.zrangebyscore(keyOf(prefix), since, '+inf');
    // Written below, by this version or another one.
    return members
      .map((member) => JSON.parse(member) as ProcessFacts)
      .sort((a, b) => a.startedAt - b.startedAt);
  };
}

/** Shows this process until it is stopped. While Redis is away it shows nothing; it goes on when Redis is back. */
export function startPresence(deps: {
  redis: RedisClient;
  /** QUEUE_PREFIX */
  prefix: string;
  process: Omit<ProcessFacts, 'id'>;
}): { stop(): Promise<void> } {
  const { redis } = deps;
  const key = keyOf(deps.prefix);
  const member = JSON.stringify({ id: randomUUID().slice(0, 8), ...deps.process });
  const stopped = new AbortController();

  async function beat(): Promise<void> {
    const now = await timeOf(redis);
    await redis.zadd(key, now, member);
    await redis.zremrangebyscore(key, '-inf', now - ALIVE_MS);
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      // Health says what is wrong with Redis.
      await beat().catch(() => undefined);
      await pause(BEAT_MS, stopped.signal);
    }
  }
  const running = run();

  return {
    async stop() {
      stopped.abort();
      // A Redis that is away must not hold up the stop: then it is shown for as long as one that was killed.
      await within(LEAVE_MS, async () => {
        await running;
        await redis.zrem(key, member);
      }).catch(() => undefined);
    },
  };
}
