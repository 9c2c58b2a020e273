import { within } from '../async/within.ts';
import type { Database } from '../db/engine/connect.ts';
import { installationId } from '../db/installation.ts';
import { createOwnership, type Ownership } from '../queue/ownership.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { Context } from './context.ts';
import { startRedis } from './redis.ts';

/** A Redis that does not answer delays no start for longer than this, in ms: the claim is made when it comes. */
const CLAIM_LIMIT_MS = 2_000;
/** How often the claim is made again, in ms: a FLUSHALL takes it away. */
const CLAIM_EVERY_MS = 5_000;

const FOREIGN =
  'QUEUE_PREFIX names a queue in Redis that belongs to another database. Two installations on one Redis each need a QUEUE_PREFIX of ' +
  'their own. If this database takes the place of the other one, run: npx pingui queue adopt';

/**
 * Binds what is in Redis below QUEUE_PREFIX to this database, and keeps it so.
 * @throws Error when it belongs to another one
 */
export async function claimQueue(deps: {
  context: Pick<Context, 'config' | 'log'>;
  db: Database;
  redis: RedisClient;
}): Promise<Ownership & { stop(): void }> {
  const { config, log } = deps.context;
  const { prefix } = config.redis;
  const ownership = createOwnership({ redis: deps.redis, prefix, id: await installationId(deps.db) });
  await within(CLAIM_LIMIT_MS, ownership.claim).catch(() => undefined);
  if (ownership.isForeign()) throw new Error(FOREIGN);
  const timer = setInterval(async () => {
    const wasForeign = ownership.isForeign();
    await ownership.claim().catch(() => undefined);
    if (ownership.isForeign() && !wasForeign) log.error({}, FOREIGN);
  }, CLAIM_EVERY_MS).unref();
  return { ...ownership, stop: () => clearInterval(timer) };
}

/** Binds it to this database whose predecessor is lost, while the service does not run. Returns the prefix. */
export async function adoptQueue(
  context: Pick<Context, 'config' | 'log' | 'host' | 'env' | 'stopping'>,
  db: Database,
): Promise<string> {
  const { prefix } = context.config.redis;
  const redis = await startRedis(context);
  try {
    await createOwnership({ redis: redis.fast, prefix, id: await installationId(db) }).adopt();
    return prefix;
  } finally {
    await redis.close();
    await redis.own?.stop();
  }
}
