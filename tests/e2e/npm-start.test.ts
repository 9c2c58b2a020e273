import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endPrivateRedis, privateRedisPid, requireBuild } from '../support/main-process.ts';
import { baseEnv, startService } from '../support/service.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** npm, node and the service start; then the look at npm's pid, and the stop. */
const START_LIMIT_MS = 40_000;
const STOP_LIMIT_MS = 12_000;

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('npm start', () => {
  let dir = '';
  let npm: ChildProcess;
  let service: number | undefined;
  beforeEach(async () => {
    requireBuild();
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-npm-')));
    // A folder as in the image: package.json, node_modules and dist, but no sources and so nothing to build.
    cpSync(join(ROOT, 'package.json'), join(dir, 'package.json'));
    for (const name of ['dist', 'node_modules']) symlinkSync(join(ROOT, name), join(dir, name));
    npm = spawn('npm', ['start'], {
      cwd: dir,
      env: { ...baseEnv(dir), HOME: dir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    for (const stream of [npm.stdout, npm.stderr])
      stream?.on('data', (chunk) => {
        out += chunk;
      });
    await expect.poll(() => out, { timeout: START_LIMIT_MS }).toContain('Pingui Alert is ready');
    service = Number(readFileSync(join(dir, 'data/redis/service.lock'), 'utf8').split(' ')[0]);
    expect(isAlive(service)).toBe(true);
  });
  afterEach(() => {
    npm.kill('SIGKILL');
    if (isAlive(service)) process.kill(service ?? 0, 'SIGKILL');
    endPrivateRedis(join(dir, 'data'));
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'whose npm is ended by %s leaves no service and no private Redis behind',
    async (signal) => {
      expect(isAlive(privateRedisPid(join(dir, 'data')))).toBe(true);
      npm.kill(signal);
      await expect.poll(() => isAlive(service), { timeout: STOP_LIMIT_MS }).toBe(false);
      expect(privateRedisPid(join(dir, 'data'))).toBeUndefined();
    },
  );
});

describe('a closed terminal', () => {
  it('(SIGHUP, more than once) is a clean stop', async () => {
    const service = await startService();
    const { pid } = service;
    service.signal('SIGHUP');
    await service.waitForLog(({ message }) => message === 'Stopping');
    service.signal('SIGHUP');
    expect(await service.exited()).toBe(0);
    expect(service.logs.at(-1)).toMatchObject({ message: 'Stopped', clean: true });
    expect(isAlive(pid)).toBe(false);
    expect(privateRedisPid(service.dataDir)).toBeUndefined();
    await service.close();
  });
});

describe('an exit in a hurry', () => {
  it('takes the private Redis along, and the next start has its data', async () => {
    const service = await startService();
    service.signal('SIGTERM');
    service.signal('SIGTERM');
    await service.exited();
    await expect.poll(() => privateRedisPid(service.dataDir), { timeout: STOP_LIMIT_MS }).toBeUndefined();
    await service.restart();
    expect((await service.api.call('/health/ready')).status).toBe(200);
    expect(await service.stop()).toBe(0);
    await service.close();
  });
});
