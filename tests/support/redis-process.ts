import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { pause } from '../../src/async/pause.ts';
import { findRedisServer } from '../../src/redis/private/find-redis-server.ts';
import { freePort } from './free-port.ts';

export interface RedisProcess {
  /** redis://, at its loopback port. */
  readonly url: string;
  /** For `new Redis(connection)`: its unix socket. */
  readonly connection: { readonly path: string };
  readonly port: number;
  readonly pid: number;
  readonly dir: string;
  readonly running: boolean;
  /** A connection for the test itself; ends with `stop`. */
  readonly admin: Redis;
  /** Dies as in a crash; the AOF stays. */
  kill9(): Promise<void>;
  /** Connections stay open, but nothing is answered until {@link thaw}. */
  freeze(): void;
  thaw(): void;
  /** Starts it anew on the same data and port; ends it first (SIGTERM) if it runs. */
  restart(): Promise<void>;
  /** Ends it and deletes its data. */
  stop(): Promise<void>;
}

export interface RedisProcessOptions {
  /** redis.conf directives; several values of one name as an array. `port` and `dir` are added. */
  readonly settings?: Readonly<Record<string, string | readonly string[]>>;
  /** How `admin` connects, beside host and port. */
  readonly client?: Omit<RedisOptions, 'replyMapping'>;
  /** Default: what the service itself would start as its private Redis. */
  readonly binary?: string;
  readonly sentinel?: boolean;
  /** Default: a free one. */
  readonly port?: number;
}

const START_LIMIT_MS = 20_000;

/** What a queue needs of its Redis; a topology changes what it tests. */
export const SOUND: Readonly<Record<string, string>> = {
  appendonly: 'yes',
  appendfsync: 'everysec',
  'maxmemory-policy': 'noeviction',
  save: '""',
};

/**
 * A throw-away redis-server on a loopback port and a unix socket, with a redis.conf in a temp directory.
 * @throws Error when no redis-server is installed, or it does not answer within 20 s
 */
export async function startRedisProcess(options: RedisProcessOptions = {}): Promise<RedisProcess> {
  const binary = options.binary ?? findRedisServer(process.env);
  if (binary === undefined)
    throw new Error('No redis-server: see the warning of tests/support/global-setup.ts');
  const dir = mkdtempSync(join(tmpdir(), 'pingui-redis-'));
  const port = options.port ?? (await freePort());
  const connection = { path: join(dir, 'r.sock') };
  const file = join(dir, 'redis.conf');
  writeFileSync(
    file,
    toConf({
      bind: '127.0.0.1',
      dir,
      port: String(port),
      unixsocket: connection.path,
      loglevel: 'warning',
      ...options.settings,
    }),
  );
  let child: ChildProcess;
  const killOnExit = (): void => void child.kill('SIGKILL');

  const begin = (): void => {
    child = spawn(binary, [file, ...(options.sentinel ? ['--sentinel'] : [])], { stdio: 'ignore' });
    child.once('error', () => {}); // seen as a failure to become ready
  };
  const ended = (): boolean =>
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (ended()) return;
    const gone = once(child, 'exit');
    child.kill('SIGCONT'); // a frozen one would not hear SIGTERM
    child.kill(signal);
    await gone;
    // Otherwise the next start would look ready before it is.
    while (admin.status === 'ready') await pause(5);
  };

  begin();
  process.once('exit', killOnExit);
  const admin = new Redis({
    ...options.client,
    host: '127.0.0.1',
    port,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  admin.on('error', () => {});
  const ready = async (): Promise<void> => {
    const deadline = performance.now() + START_LIMIT_MS;
    while (admin.status !== 'ready') {
      if (ended() || performance.now() > deadline)
        throw new Error(`redis-server did not start on port ${port}`);
      await pause(10);
    }
  };
  const stop = async (): Promise<void> => {
    admin.disconnect();
    await end('SIGKILL');
    process.off('exit', killOnExit);
    rmSync(dir, { recursive: true, force: true });
  };
  await ready().catch(async (error: Error) => {
    await stop();
    throw error;
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    connection,
    port,
    dir,
    admin,
    get pid() {
      return child.pid ?? 0;
    },
    get running() {
      return !ended();
    },
    kill9: () => end('SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async restart() {
      await end('SIGTERM');
      begin();
      await ready();
    },
    stop,
  };
}

/** Starts several servers, each by `run`: if one does not start, or `start` fails later, none is left behind. */
export async function startTogether<T>(start: (run: typeof startRedisProcess) => Promise<T>): Promise<T> {
  const begun: Promise<RedisProcess>[] = [];
  const run: typeof startRedisProcess = (options) => {
    const server = startRedisProcess(options);
    begun.push(server);
    return server;
  };
  try {
    return await start(run);
  } catch (error) {
    for (const one of await Promise.allSettled(begun)) if (one.status === 'fulfilled') await one.value.stop();
    throw error;
  }
}

function toConf(settings: Readonly<Record<string, string | readonly string[]>>): string {
  const lines = Object.entries(settings).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => `${name} ${one}`),
  );
  return `${lines.join('\n')}\n`;
}
