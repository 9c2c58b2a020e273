import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findRedisServer, type RedisEnv } from './find-redis-server.ts';
import { endProcess, type ProcessHost } from './process-info.ts';
import { describeEndpoint, type RedisEndpoint, urlOf } from './redis-endpoint.ts';
import { adoptRedis, type RunningRedis, spawnRedis, spawnRedisSomewhere } from './redis-process.ts';
import { takeServiceLock } from './service-lock.ts';

export type { ProcessHost } from './process-info.ts';

export type SandboxLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

export interface PrivateRedisOptions {
  readonly dataDir: string;
  /** The server's program; default: REDIS_SERVER, else redis-server or valkey-server on the PATH. */
  readonly binary?: string;
  /** PATH and REDIS_SERVER. */
  readonly env?: RedisEnv;
  /** `process`, from main. */
  readonly host: ProcessHost;
  readonly log: SandboxLog;
  /** Milliseconds that Redis may take to write its AOF at the end, before it is killed. Default 10000. */
  readonly stopDeadlineMs?: number;
}

export interface PrivateRedis {
  /** For `new Redis(connection)`; stays the same when Redis is restarted. */
  readonly connection: RedisEndpoint;
  /** For `new Redis(url)`. A socket's path, or a redis:// URL that holds the password: not for logs. */
  readonly url: string;
  /** The server's process now. */
  readonly pid: number;
  /** True when it was left behind by a run that crashed. */
  readonly adopted: boolean;
  /** Ends Redis cleanly and gives the data directory free. May be called twice. */
  stop(): Promise<void>;
}

const FIRST_RESTART_MS = 100;
const MAX_RESTART_MS = 10_000;
/** A server that lived this long restarts at once again. */
const STABLE_MS = 60_000;

/**
 * A Redis of the service's own in `<dataDir>/redis`: AOF, noeviction, a unix socket or a loopback port with a random
 * password. Restarted when it dies; after a crash of the service the one still running is taken over.
 * @throws Error of one line: no program found, the data directory in use by a live service, Redis did not come up
 */
export async function startPrivateRedis(options: PrivateRedisOptions): Promise<PrivateRedis> {
  const { host, log } = options;
  const binary = options.binary ?? findRedisServer(options.env ?? {});
  if (!binary) throw new Error('Neither redis-server nor valkey-server was found on the PATH');
  const wanted = resolve(options.dataDir, 'redis');
  mkdirSync(wanted, { recursive: true, mode: 0o700 });
  chmodSync(wanted, 0o700); // it may have been there
  const dir = realpathSync(wanted);
  const place = { dir, binary, host };
  const unlock = takeServiceLock(join(dir, 'service.lock'), host);

  let current: RunningRedis;
  try {
    current = (await adoptRedis(place)) ?? (await spawnRedisSomewhere(place));
  } catch (error) {
    unlock();
    throw error;
  }
  const { endpoint, adopted } = current;
  log('info', adopted ? 'Took over the running private Redis' : 'Started a private Redis', {
    pid: current.pid,
    address: describeEndpoint(endpoint),
  });

  let stopping = false;
  let retryMs = FIRST_RESTART_MS;
  let restarting: Promise<void> = Promise.resolve();
  let unwatch: () => void = () => {};
  let cutPause: () => void = () => {};

  const pause = (ms: number): Promise<void> =>
    new Promise((done) => {
      const timer = setTimeout(done, ms);
      cutPause = () => {
        clearTimeout(timer);
        done();
      };
    });

  const restart = async (): Promise<void> => {
    while (!stopping) {
      await pause(retryMs);
      retryMs = Math.min(retryMs * 2, MAX_RESTART_MS);
      if (stopping) return;
      try {
        current = await spawnRedis(place, endpoint);
        log('warn', 'Restarted the private Redis', { pid: current.pid });
        watch();
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log('error', 'Could not restart the private Redis', { reason, nextTryMs: retryMs });
      }
    }
  };

  const watch = (): void => {
    const since = performance.now();
    unwatch = current.onExit((how) => {
      if (stopping) return;
      if (performance.now() - since > STABLE_MS) retryMs = FIRST_RESTART_MS;
      log('error', 'The private Redis died', { how, restartInMs: retryMs });
      restarting = restart();
    });
  };
  watch();

  /** An exit without a stop (a second signal, an unexpected error) leaves nothing behind either: Redis writes its AOF out. */
  const endAtExit = (): void => {
    try {
      host.kill(current.pid, 'SIGTERM');
    } catch {
      // It is gone.
    }
  };
  host.on('exit', endAtExit);

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping = true;
    cutPause();
    unwatch();
    await restarting;
    await endProcess(host, current.pid, options.stopDeadlineMs ?? 10_000);
    host.off('exit', endAtExit);
    unlock();
    log('info', 'Stopped the private Redis');
  };

  return {
    connection: endpoint,
    url: urlOf(endpoint),
    get pid() {
      return current.pid;
    },
    adopted,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
