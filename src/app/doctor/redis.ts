import { within } from '../../async/within.ts';
import type { Config } from '../../config/config.ts';
import { connectRedis, type RedisClient, type RedisTarget } from '../../redis/connect.ts';
import { inspectRedis } from '../../redis/inspect.ts';
import { requireRedisServer } from '../../redis/private/ensure-redis-server.ts';
import { findPrivateRedis } from '../../redis/private/redis-process.ts';
import type { AppDeps } from '../context.ts';
import { type Finding, findingsOn } from './finding.ts';

/** How long Redis may take to answer, in ms. */
const LIMIT_MS = 5_000;
/** Of maxmemory, from here on it is nearly full. */
const NEARLY_FULL = 0.9;

const { ok, warning, fault, skipped } = findingsOn('redis');

/**
 * Looks at Redis, and writes nothing.
 * @param installation the database's id; undefined where it cannot be read
 */
export async function checkRedis(
  { config, env }: Pick<AppDeps, 'config' | 'env'>,
  installation: string | undefined,
): Promise<Finding[]> {
  const target = config.redis.url ?? (await findPrivateRedis(config.dataDir));
  if (target === undefined) return [checkProgram(config, env)];
  let lastError = '';
  const redis = connectRedis(target, 'fast', (error) => {
    lastError = error.message;
  });
  try {
    await within(LIMIT_MS, () => ready(redis));
    return await look(redis, target, { prefix: config.redis.prefix, installation });
  } catch {
    if (/^(WRONGPASS|NOAUTH|NOPERM)/.test(lastError))
      return [fault(`Redis at ${describe(target)} refuses the user or the password`, 'Correct REDIS_URL.')];
    const isOther = lastError.startsWith('Unknown RESP type');
    const why = lastError === '' ? 'no answer' : isOther ? 'what answers there is no Redis' : lastError;
    return [
      fault(
        `Redis does not respond at ${describe(target)} (${why}): alerts are refused with 503`,
        'Start it, or correct REDIS_URL (address, password, TLS).',
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

/** The private one runs with the service alone. */
function checkProgram({ redis, mode }: Config, env: AppDeps['env']): Finding {
  if (redis.serverPath !== undefined)
    return skipped('The private Redis runs with the service, which does not run');
  try {
    const program = requireRedisServer(env);
    return skipped(`The private Redis (${program}) runs with the service, which does not run`);
  } catch (error) {
    if (mode.kind === 'sandbox')
      return warning('No redis-server is installed: the sandbox tries to install one at its start');
    return fault(
      error instanceof Error ? error.message : 'No redis-server is installed',
      'Install it, or set REDIS_URL.',
    );
  }
}

async function ready(redis: RedisClient): Promise<void> {
  if (redis.status !== 'ready') await new Promise<void>((resolve) => redis.once('ready', () => resolve()));
  await redis.ping();
}

async function look(
  redis: RedisClient,
  target: RedisTarget,
  queue: { readonly prefix: string; readonly installation: string | undefined },
): Promise<Finding[]> {
  const [faults, info] = await Promise.all([inspectRedis(redis), redis.info().catch(() => '')]);
  return [
    ok(`${nameOf(info)} responds at ${describe(target)}`),
    ...faults.map((text) =>
      text.includes('may not call INFO')
        ? warning(text, 'Allow INFO to this user, or look yourself.')
        : fault(text, 'docs/redis.md says how Redis has to be set.'),
    ),
    ...findTroubles(info),
    await checkOwner(redis, queue),
  ];
}

/** Valkey calls itself a Redis 7.2.4, for compatibility. */
function nameOf(info: string): string {
  const [, valkey] = /^valkey_version:(\S+)/m.exec(info) ?? [];
  const [, redis = 'of an unknown version'] = /^redis_version:(\S+)/m.exec(info) ?? [];
  return valkey === undefined ? `Redis ${redis}` : `Valkey ${valkey}`;
}

/** What INFO says of the moment. */
function findTroubles(info: string): Finding[] {
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
  const found: Finding[] = [];
  if (field('aof_last_write_status') === 'err')
    found.push(
      fault('Redis cannot write its AOF: accepted alerts may be lost', 'Look at its disk and its log.'),
    );
  const [used, most] = [Number(field('used_memory')), Number(field('maxmemory'))];
  if (most > 0 && used > most * NEARLY_FULL)
    found.push(
      warning(`Redis uses ${Math.round((used / most) * 100)}% of its maxmemory`, 'Raise maxmemory.'),
    );
  return found;
}

async function checkOwner(
  redis: RedisClient,
  { prefix, installation }: { readonly prefix: string; readonly installation: string | undefined },
): Promise<Finding> {
  const owner = await redis.get(`${prefix}:installation`);
  if (owner === null) return ok(`Nobody uses the queue below ${prefix} yet`);
  if (installation === undefined)
    return skipped(`Whose the queue below ${prefix} is cannot be told without the database`);
  if (owner === installation) return ok(`The queue below ${prefix} belongs to this database`);
  return fault(
    `The queue below ${prefix} belongs to another database: the service refuses to start`,
    'Give this installation a QUEUE_PREFIX of its own. If its database takes the place of the other one: `pingui queue adopt`.',
  );
}

/** Without user and password. */
function describe(target: RedisTarget): string {
  if ('path' in target) return 'a unix socket in DATA_DIR';
  if (!('kind' in target)) return `${target.host}:${target.port}`;
  if (target.kind === 'single') return new URL(target.url).host;
  return target.hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
}
