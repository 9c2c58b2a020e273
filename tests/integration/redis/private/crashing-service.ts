import { Redis } from 'ioredis';
import { startPrivateRedis } from '../../../../src/redis/private/private-redis.ts';

/** A service of its own process for private-redis.test.ts, which kills it with -9. */
const redis = await startPrivateRedis({
  dataDir: process.argv[2] ?? '',
  env: process.env,
  host: process,
  log: () => {},
});
await new Redis(redis.url).set('from', 'the crashed one');
process.send?.(redis.pid);
