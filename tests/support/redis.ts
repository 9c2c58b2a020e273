import { type RedisProcess, SOUND, startRedisProcess } from './redis-process.ts';

export type TestRedis = RedisProcess;

/** A throw-away Redis set as docs/redis.md says. @throws Error when no redis-server is installed */
export function startTestRedis(): Promise<TestRedis> {
  return startRedisProcess({ settings: SOUND });
}
