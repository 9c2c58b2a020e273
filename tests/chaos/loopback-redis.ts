import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedisServer } from '../../src/redis/private/find-redis-server.ts';
import { waitUntilReady } from '../../src/redis/private/redis-probe.ts';
import { freePort } from '../support/free-port.ts';

/** A redis-server of the harness's own, set as the service recommends it: AOF everysec, noeviction. */
export interface LoopbackRedis {
  /** For REDIS_URL. */
  readonly url: string;
  /** Dies as in a crash; the AOF stays. */
  kill9(): Promise<void>;
  /** Starts it again on the same data and port, and waits until it answers. */
  start(): Promise<void>;
  /** Connections stay open, but nothing is answered until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Ends it and deletes its data. */
  stop(): Promise<void>;
}

/** Listens on a free TCP port of loopback. @throws Error when no redis-server is installed */
export async function startLoopbackRedis(): Promise<LoopbackRedis> {
  const binary = findRedisServer(process.env);
  if (!binary) throw new Error('No redis-server on this machine');
  const dir = mkdtempSync(join(tmpdir(), 'pingui-chaos-redis-'));
  const port = await freePort();
  const endpoint = { host: '127.0.0.1', port, password: '' };
  let child: ChildProcess | undefined;

  const isRunning = (): boolean =>
    child !== undefined && child.exitCode === null && child.signalCode === null;
  const kill9 = async (): Promise<void> => {
    if (child === undefined || !isRunning()) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  const start = async (): Promise<void> => {
    const settings = {
      port: String(port),
      bind: '127.0.0.1',
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
    await waitUntilReady(endpoint, () => !isRunning(), 20_000);
  };

  process.once('exit', () => void child?.kill('SIGKILL'));
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill9,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async stop() {
      await kill9();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
