import { pause } from '../async/pause.ts';
import type { Logger } from '../ops/logger.ts';
import { type DispatchCommands, withDispatchCommands } from '../queue/commands.ts';
import { connectRedis, type RedisClient, type RedisTarget } from '../redis/connect.ts';
import { inspectRedis } from '../redis/inspect.ts';
import { ensureRedisServer, requireRedisServer } from '../redis/private/ensure-redis-server.ts';
import { type PrivateRedis, type SandboxLog, startPrivateRedis } from '../redis/private/private-redis.ts';
import { findPrivateRedis } from '../redis/private/redis-process.ts';
import type { Context } from './context.ts';

/** The connections of one process, by what they are used for. */
export interface RedisConnections {
  /** For requests: fails fast. */
  readonly fast: RedisClient & DispatchCommands;
  /** For workers: waits for Redis to come back. */
  readonly patient: RedisClient & DispatchCommands;
  readonly subscriber: RedisClient;
  close(): Promise<void>;
}

/** Redis as this process uses it: its connections, and the server where it is ours. */
export interface StartedRedis extends RedisConnections {
  /** The private server; undefined where REDIS_URL names one. */
  readonly own: PrivateRedis | undefined;
}

/** Starts the private server where there is no REDIS_URL, connects, and says what is wrong with its settings. */
export async function startRedis(
  context: Pick<Context, 'config' | 'log' | 'host' | 'env' | 'stopping'>,
): Promise<StartedRedis> {
  const { log } = context;
  const { target, own } = await provideRedis(context);
  const connections = openRedis(target, log);
  await checkRedis(connections.patient, log, context.stopping);
  return { ...connections, own };
}

/**
 * For commands beside the service: its private server where it runs, else one that is started and stopped with the command.
 * Installs nothing, and says nothing of the settings: that is the start's, and doctor's.
 */
export async function attachRedis(
  context: Pick<Context, 'config' | 'log' | 'host' | 'env'>,
): Promise<StartedRedis> {
  const { config, log } = context;
  const running = config.redis.url ?? (await findPrivateRedis(config.dataDir));
  if (running !== undefined) return { ...openRedis(running, log), own: undefined };
  const { target, own } = await startOwn(context, requireRedisServer);
  return { ...openRedis(target, log), own };
}

/** REDIS_URL, or a redis-server of our own (which the sandbox installs where the machine lacks one). */
async function provideRedis(
  context: Pick<Context, 'config' | 'log' | 'host' | 'env'>,
): Promise<{ target: RedisTarget; own: PrivateRedis | undefined }> {
  const { config } = context;
  if (config.redis.url !== undefined) return { target: config.redis.url, own: undefined };
  return startOwn(context, (env, log) =>
    config.mode.kind === 'sandbox' ? ensureRedisServer({ env, log }) : requireRedisServer(env),
  );
}

async function startOwn(
  { config, log, host, env }: Pick<Context, 'config' | 'log' | 'host' | 'env'>,
  find: (env: Context['env'], log: SandboxLog) => Promise<string> | string,
): Promise<{ target: RedisTarget; own: PrivateRedis }> {
  const say: SandboxLog = (level, message, fields = {}) => log[level](fields, message);
  const binary = config.redis.serverPath ?? (await find(env, say));
  const own = await startPrivateRedis({ dataDir: config.dataDir, binary, env, host, log: say });
  return { target: own.connection, own };
}

/** Opens the connections. A Redis that is down only delays: everything recovers on its own when it comes up. */
function openRedis(target: RedisTarget, log: Logger): RedisConnections {
  let lastError = '';
  const onError = (error: Error) => {
    // The same fault comes with each try to reconnect: once is enough.
    if (error.message === lastError) return;
    lastError = error.message;
    log.warn({ error }, 'Redis does not respond; trying again');
  };
  const fast = withDispatchCommands(connectRedis(target, 'fast', onError));
  const patient = withDispatchCommands(connectRedis(target, 'patient', onError));
  const subscriber = connectRedis(target, 'patient', onError);
  patient.on('ready', () => {
    if (lastError !== '') log.info({}, 'Redis responds again');
    lastError = '';
  });
  return {
    fast,
    patient,
    subscriber,
    async close() {
      for (const client of [fast, patient, subscriber]) client.disconnect();
    },
  };
}

/** How long a start waits for Redis before it goes on without, in ms: the service serves 503 until Redis comes. */
const REDIS_START_WAIT_MS = 5_000;

/** Waits for Redis a little, but not once `stopping` aborts, and says what is wrong with its settings. */
async function checkRedis(redis: RedisClient, log: Logger, stopping: AbortSignal): Promise<void> {
  const settings = inspectRedis(redis);
  const waited = new AbortController();
  const late = pause(REDIS_START_WAIT_MS, AbortSignal.any([stopping, waited.signal]));
  const faults = await Promise.race([settings, late]);
  waited.abort();
  if (faults !== undefined) for (const fault of faults) log.warn({}, fault);
  else if (!stopping.aborted)
    log.warn({}, 'Redis does not respond yet: alerts are refused with 503 until it does');
}
