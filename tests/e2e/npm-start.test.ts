import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { endPrivateRedis, privateRedisPid, requireBuild } from '../support/main-process.ts';
import { provisionIntegration } from '../support/provision.ts';
import { BOT_TOKEN, baseEnv, startService } from '../support/service.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** npm, node and the service start; then the look at npm's pid, and the stop. */
const START_LIMIT_MS = 40_000;
const STOP_LIMIT_MS = 12_000;
const CHAT = 7_301;

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
  const start = async (...args: string[]): Promise<void> => {
    // A folder as in the image: package.json, node_modules and dist, but no sources and so nothing to build.
    cpSync(join(ROOT, 'package.json'), join(dir, 'package.json'));
    for (const name of ['dist', 'node_modules']) symlinkSync(join(ROOT, name), join(dir, name));
    npm = spawn('npm', ['start', ...args], {
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
  };
  beforeEach(() => {
    requireBuild();
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-npm-')));
  });
  afterEach(() => {
    npm.kill('SIGKILL');
    if (isAlive(service)) process.kill(service ?? 0, 'SIGKILL');
    endPrivateRedis(join(dir, 'data'));
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  // What npm runs before the start is over by the signal: two processes more, and once is enough.
  it.each([
    ['SIGTERM', []],
    ['SIGHUP', ['--ignore-scripts']],
    ['SIGKILL', ['--ignore-scripts']],
  ] as const)(
    'whose npm is ended by %s leaves no service and no private Redis behind',
    async (signal, args) => {
      await start(...args);
      expect(isAlive(privateRedisPid(join(dir, 'data')))).toBe(true);
      npm.kill(signal);
      await expect.poll(() => isAlive(service), { timeout: STOP_LIMIT_MS }).toBe(false);
      expect(privateRedisPid(join(dir, 'data'))).toBeUndefined();
    },
  );
});

describe('an exit in a hurry', () => {
  it('takes the private Redis along, and the next start has its data', async () => {
    // A call of Telegram's that does not end keeps the first signal's stop from being quick.
    const double = createBotApiDouble({ token: BOT_TOKEN });
    await double.start();
    const service = await startService({ double, env: { SEND_DELAY_MS: '0', CHAT_DELAY_MS: '0' } });
    try {
      const { token } = await provisionIntegration(double, service, CHAT);
      const deliverAt = new Date(Date.now() + 3_600_000).toISOString();
      const later = await service.api.postAlert(token, { message: 'kept for later', deliverAt });
      double.fault({ method: 'sendMessage', text: 'hangs', action: { kind: 'hang' } });
      const hanging = await service.api.postAlert(token, { message: 'hangs' });
      await service.api.waitForStatus(token, hanging.body.id, ['sending']);
      service.signal('SIGTERM');
      // Two signals at once would be one.
      await service.waitForLog(({ message }) => message === 'Stopping');
      const hurried = performance.now();
      service.signal('SIGTERM');
      expect(await service.exited()).toBe(1);
      expect(performance.now() - hurried).toBeLessThan(1_000);
      expect(service.logs.some(({ message }) => message === 'Stopped')).toBe(false);
      await expect.poll(() => privateRedisPid(service.dataDir), { timeout: STOP_LIMIT_MS }).toBeUndefined();
      await service.restart();
      // Only Redis holds what is yet to be sent.
      const { text } = await service.api.operate('/metrics');
      expect(text).toMatch(/^pingui_queue_jobs\{state="delayed"\} 1$/m);
      expect((await service.api.getAlert(token, later.body.id)).status).toBe('queued');
      expect(await service.stop()).toBe(0);
    } finally {
      await service.close();
      await double.stop();
    }
  });
});

describe('the commands of npm and knex', () => {
  const run = promisify(execFile);
  let dir = '';
  beforeEach(() => {
    requireBuild();
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-npm-')));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

  /** A folder after `npm prune --omit=dev`: the sources may be there, but nothing that could compile or run them. */
  function installWithoutCompiler(names: readonly string[]): void {
    for (const name of names) symlinkSync(join(ROOT, name), join(dir, name));
    for (const name of ['package.json', 'knexfile.js', 'knexfile.ts'])
      if (name !== 'knexfile.ts' || names.includes('src')) cpSync(join(ROOT, name), join(dir, name));
    const isForDevelopment = (name: string) =>
      /^(?:typescript.*|@typescript|@?esbuild|tsx|vitest|\..*)$/.test(name);
    mkdirSync(join(dir, 'node_modules'));
    for (const name of readdirSync(join(ROOT, 'node_modules')).filter((one) => !isForDevelopment(one)))
      symlinkSync(join(ROOT, 'node_modules', name), join(dir, 'node_modules', name));
  }
  const knex = (command: string, cwd: string) =>
    run(process.execPath, [join(ROOT, 'node_modules/knex/bin/cli.js'), command], {
      cwd,
      env: { ...baseEnv(dir) },
    });

  it.each([
    ['as in the image', ['dist']],
    ['beside the sources', ['dist', 'src', 'migrations', 'tsconfig.json']],
  ])('work with no compiler installed, %s', { timeout: 60_000 }, async (_, names) => {
    installWithoutCompiler(names);
    const npm = (...args: string[]) =>
      run('npm', ['run', '--silent', ...args], { cwd: dir, env: { ...baseEnv(dir), HOME: dir } });
    expect((await npm('migrate')).stdout).toMatch(/^migrated: \d{14}_initial$/m);
    const [, { stdout }] = await Promise.all([npm('job', '--', 'backup'), knex('migrate:list', dir)]);
    expect(readdirSync(join(dir, 'backups'))).toEqual([expect.stringMatching(/^pingui-backup-.*\.db$/)]);
    expect(stdout).toMatch(/_initial/);
    expect(stdout).toContain('No Pending Migration files Found.');
  });

  it('knex reads the sources where it can, and migrates there and back', async () => {
    expect((await knex('migrate:latest', ROOT)).stdout).toMatch(/Batch 1 run: \d+ migrations/);
    expect(existsSync(join(dir, 'data', 'pingui.db'))).toBe(true);
    expect((await knex('migrate:rollback', ROOT)).stdout).toMatch(/Batch 1 rolled back: \d+ migrations/);
    expect((await knex('migrate:list', ROOT)).stdout).toMatch(/Found \d+ Pending Migration file/);
  });
});
