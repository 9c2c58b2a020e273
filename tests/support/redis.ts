import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedisServer } from '../../src/redis/private/find-redis-server.ts';
import { waitUntilReady } from '../../src/redis/private/redis-probe.ts';
import { freePort } from './free-port.ts';

export interface TestRedis {
  /** For `new Redis(url)`: the path of a unix socket, or with `tcp` a redis:// URL. */
  readonly url: string;
  /** For `new Redis(connection)`. */
  readonly connection: { readonly path: string };
  readonly pid: number;
  /** Dies as in a crash; the AOF stays. */
  kill9(): Promise<void>;
  /** Ends it if it runs, and starts it anew on the same data and address. */
  restart(): Promise<void>;
  /** Connections stay open, but nothing is answered until {@link thaw}. */
  freeze(): void;
  thaw(): void;
  /** Ends it and deletes its data. */
  stop(): Promise<void>;
}

/**
 * A throw-away redis-server for one test file: unix socket, temp directory, AOF on, noeviction. With `tcp` also at a
 * loopback port, for what takes only redis:// URLs.
 * @throws Error when no redis-server is installed (the global setup installs one)
 */
export async function startTestRedis({ tcp = false } = {}): Promise<TestRedis> {
  const binary = findRedisServer(process.env);
  if (!binary) throw new Error('No redis-server: see the warning of tests/support/global-setup.ts');
  const dir = mkdtempSync(join(tmpdir(), 'pingui-redis-'));
  const connection = { path: join(dir, 'r.sock') };
  const port = tcp ? await freePort() : 0;
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    const settings = {
      port: String(port),
      bind: '127.0.0.1',
      unixsocket: connection.path,
      dir,
      appendonly: 'yes',
      appendfsync: 'everysec',
      save: '',
      'maxmemory-policy': 'noeviction',
      loglevel: 'warning',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    child = spawn(binary, args, { stdio: 'ignore' });
    child.once('error', () => {}); // seen as a failure to become ready
    await waitUntilReady(connection, () => child.exitCode !== null || child.pid === undefined, 20_000);
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGCONT'); // a frozen one would not hear SIGTERM
    child.kill(signal);
    await gone;
  };

  await start();
  return {
    url: tcp ? `redis://127.0.0.1:${port}` : connection.path,
    connection,
    get pid() {
      return child.pid ?? 0;
    },
    kill9: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      await start();
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      await end('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
