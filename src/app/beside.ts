import { pause } from '../async/pause.ts';
import type { Database } from '../db/engine/connect.ts';
import { openExisting } from '../db/engine/open-existing.ts';
import { installationId } from '../db/installation.ts';
import { AppError } from '../domain/errors.ts';
import { logEvents } from '../ops/log-events.ts';
import { createOwnership } from '../queue/ownership.ts';
import { type AppDeps, createContext } from './context.ts';
import { type Core, createCore } from './core.ts';
import { dumpsOf } from './dumps.ts';
import { attachRedis, type RedisConnections, type StartedRedis } from './redis.ts';
import { secretOf } from './secret.ts';

/** How long a command waits for Redis, in ms. */
const REDIS_WAIT_MS = 5_000;

/** The use cases, for a command beside a running service or without one. */
export interface Beside {
  readonly core: Core;
  readonly db: Database;
  readonly redis: RedisConnections;
  /** Redis answered; without it, only what the database can do works. */
  readonly hasRedis: boolean;
  /** @throws AppError queue_unavailable where Redis does not answer, or its queue is another database's */
  requireQueue(): Promise<void>;
  close(): Promise<void>;
}

const NO_REDIS = 'Redis does not respond: check REDIS_URL, or run `pingui doctor`.';
const FOREIGN =
  'The queue in Redis belongs to another database: check REDIS_URL and QUEUE_PREFIX, or run `pingui queue adopt`.';

/** @throws as openExisting; Error where there is no Redis to be had */
export async function openBeside(deps: AppDeps): Promise<Beside> {
  const db = await openExisting(deps.config.database);
  try {
    return await connectBeside(deps, db, await attachRedis(deps));
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** On what is open already, and closes it. */
export async function connectBeside(deps: AppDeps, db: Database, redis: StartedRedis): Promise<Beside> {
  const context = createContext(deps, new AbortController().signal);
  const { config, clock, events, log } = context;
  logEvents(events, log, clock);
  const hasRedis = await isReady(redis.fast);
  const { prefix } = config.redis;
  const ownership = createOwnership({ redis: redis.fast, prefix, id: await installationId(db) });
  const secret = await secretOf(config);
  const core = createCore({ ...context, secret, db, dumps: dumpsOf(config, deps), redis, ownership });
  return {
    ...{ core, db, redis, hasRedis },
    async requireQueue() {
      if (!hasRedis) throw new AppError('queue_unavailable', NO_REDIS);
      if (!(await ownership.claim())) throw new AppError('queue_unavailable', FOREIGN);
    },
    async close() {
      // BullMQ waits for a Redis that is not there.
      if (hasRedis) await core.close();
      await redis.close();
      await redis.own?.stop();
      await db.close();
    },
  };
}

async function isReady(redis: RedisConnections['fast']): Promise<boolean> {
  const waited = new AbortController();
  const ready = new Promise<true>((resolve) => {
    if (redis.status === 'ready') resolve(true);
    else redis.once('ready', () => resolve(true));
  });
  const late = pause(REDIS_WAIT_MS, waited.signal).then(() => false);
  const isThere = await Promise.race([ready, late]);
  waited.abort();
  return isThere;
}
