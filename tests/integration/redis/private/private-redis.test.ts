import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type PrivateRedis,
  type PrivateRedisOptions,
  startPrivateRedis,
} from '../../../../src/redis/private/private-redis.ts';
import { isAlive } from '../../../../src/redis/private/process-info.ts';
import { bundled } from '../../../support/bundled.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function tempDir(name = 'd'): string {
  const root = mkdtempSync(join(tmpdir(), 'pingui-private-'));
  cleanups.push(() => rmSync(root, { recursive: true, force: true }));
  return join(root, name);
}

async function start(dataDir: string, more: Partial<PrivateRedisOptions> = {}) {
  const lines: string[] = [];
  const log = (_level: string, message: string) => void lines.push(message);
  const redis = await startPrivateRedis({ dataDir, env: process.env, host: process, log, ...more });
  cleanups.push(() => redis.stop());
  return { redis, lines };
}

async function ask<T>(redis: PrivateRedis, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

/** A pid that certainly is no live process: one that just ended. */
async function deadPid(): Promise<number> {
  const child = fork('-e', { execArgv: ['-e', ''], stdio: 'ignore' });
  const { pid } = child;
  await once(child, 'exit');
  return pid ?? 0;
}

/** Runs a service in a process of its own and kills it with -9. @returns the pid of the redis-server it leaves */
async function crashedService(dir: string): Promise<number> {
  const child = fork(await bundled(new URL('./crashing-service.ts', import.meta.url)), [dir], {
    stdio: 'inherit',
  });
  const [pid] = (await once(child, 'message')) as [number];
  cleanups.push(() => isAlive(process, pid) && process.kill(pid, 'SIGKILL'));
  child.kill('SIGKILL');
  await once(child, 'exit');
  return pid;
}

describe('the private Redis', () => {
  it('keeps every write (AOF), evicts nothing and is closed to other users', async () => {
    const { redis } = await start(tempDir());
    const settings = await ask(redis, (client) => client.config('GET', 'append*'));
    const policy = await ask(redis, (client) => client.config('GET', 'maxmemory-policy'));
    expect(settings).toEqual(expect.arrayContaining(['appendonly', 'yes', 'appendfsync', 'everysec']));
    expect(policy).toEqual(['maxmemory-policy', 'noeviction']);
    const socket = (redis.connection as { path: string }).path;
    expect(statSync(join(socket, '..')).mode & 0o777).toBe(0o700);
    expect(statSync(join(socket, '..', 'redis.conf')).mode & 0o777).toBe(0o600);
  });

  it('keeps its data over stop and start, and ends its process', async () => {
    const dir = tempDir();
    const first = await start(dir);
    await ask(first.redis, (client) => client.set('k', 'v'));
    const { pid } = first.redis;
    await first.redis.stop();
    expect(isAlive(process, pid)).toBe(false);
    const second = await start(dir);
    expect(second.redis.adopted).toBe(false);
    expect(await ask(second.redis, (client) => client.get('k'))).toBe('v');
  });

  it('listens on a loopback port with a password where the socket’s path would be too long', async () => {
    const { redis } = await start(tempDir('x'.repeat(110)));
    expect(redis.connection).toMatchObject({ host: '127.0.0.1', port: expect.any(Number) });
    expect(await ask(redis, (client) => client.ping())).toBe('PONG');
    const { port } = redis.connection as { port: number };
    const stranger = new Redis({
      port,
      host: '127.0.0.1',
      enableReadyCheck: false,
      retryStrategy: () => null,
    });
    stranger.on('error', () => {});
    await expect(stranger.get('k')).rejects.toThrow('NOAUTH');
    stranger.disconnect();
  });

  it('refuses a second live service on the same data directory in one line', async () => {
    const dir = tempDir();
    const { redis } = await start(dir);
    const error = await start(dir).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(
      /^Error: The data directory is in use by another Pingui Alert \(process \d+\)[^\n]*$/,
    );
    expect(await ask(redis, (client) => client.ping())).toBe('PONG');
  });

  it('takes the lock of a dead service over', async () => {
    const dir = tempDir();
    await (await start(dir)).redis.stop();
    writeFileSync(join(dir, 'redis', 'service.lock'), `${await deadPid()} 1 x`);
    expect((await start(dir)).redis.pid).toBeGreaterThan(0);
  });

  it('takes a redis-server over that a killed service left behind, and stops it in the end', async () => {
    const dir = tempDir();
    const pid = await crashedService(dir);
    expect(isAlive(process, pid)).toBe(true);
    const { redis, lines } = await start(dir);
    expect(redis).toMatchObject({ adopted: true, pid });
    expect(lines).toEqual(['Took over the running private Redis']);
    expect(await ask(redis, (client) => client.get('from'))).toBe('the crashed one');
    await redis.stop();
    expect(isAlive(process, pid)).toBe(false);
  });

  it('ends a left-over redis-server that does not answer before it starts another', async () => {
    const dir = tempDir();
    const pid = await crashedService(dir);
    process.kill(pid, 'SIGSTOP');
    // Its address is forgotten, too: it can only be found by its pid file and directory.
    writeFileSync(join(dir, 'redis', 'endpoint.json'), '');
    setTimeout(() => process.kill(pid, 'SIGCONT'), 300);
    const second = await start(dir);
    expect(second.redis.pid).not.toBe(pid);
    expect(isAlive(process, pid)).toBe(false);
    expect(await ask(second.redis, (client) => client.get('from'))).toBe('the crashed one');
  });

  it('restarts Redis when it dies, on the same address and data, and says so', async () => {
    const { redis, lines } = await start(tempDir());
    await ask(redis, (client) => client.set('k', 'v'));
    const { pid } = redis;
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(redis.pid).not.toBe(pid), { timeout: 10_000, interval: 20 });
    expect(await ask(redis, (client) => client.get('k'))).toBe('v');
    expect(lines).toEqual([
      'Started a private Redis',
      'The private Redis died',
      'Restarted the private Redis',
    ]);
  });

  it('says in one line why Redis does not come up', async () => {
    await expect(start(tempDir(), { binary: '/bin/false' })).rejects.toThrow(
      /^redis-server ended while starting \(\/bin\/false, exit code 1\)/,
    );
  });
});
