import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { runMain } from '../support/main-process.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { BOT_TOKEN, baseEnv, JWT_SECRET, type Service, startService } from '../support/service.ts';

/** Runs one statement on a database file and gives its rows. */
function query(file: string, sql: string): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    const db = new sqlite3.Database(file, (opening) => {
      if (opening) return reject(opening);
      db.all<Record<string, unknown>>(sql, (error, rows) => {
        db.close(() => (error ? reject(error) : resolve(rows)));
      });
    });
  });
}

describe('a wrong environment or command line', () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-e2e-')));
  const env = baseEnv(dir);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('ends with 1, and names every fault at once but no value', async () => {
    const wrong = {
      PORT: 'port-s3cr3t',
      SEND_DELAY_MS: '-77123',
      JWT_SECRET: 'short-s3cr3t',
      REDIS_URL: 'http://user:s3cr3t@elsewhere.example:6379',
      DATABASE_URL: 'mysql://user:s3cr3t@elsewhere.example/db',
      ROLES: 'api,s3cr3t',
      TIMEZONE: 'Mars/S3cr3t',
      BOT_TOKEN: 's3cr3t without a colon',
      LOG_LEVEL: 's3cr3t',
    };
    const { code, stdout, stderr } = await runMain([], { ...env, ...wrong });
    expect(code).toBe(1);
    for (const name of Object.keys(wrong)) expect(stderr).toMatch(new RegExp(`^\\s*${name} \\S`, 'm'));
    for (const value of Object.values(wrong)) expect(stderr + stdout).not.toContain(value);
    expect(stderr + stdout).not.toMatch(/s3cr3t|elsewhere|77123/i);
    expect(stdout).toBe('');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('in production without BOT_TOKEN refuses to start', async () => {
    const { code, stderr } = await runMain([], { ...env, NODE_ENV: 'production', JWT_SECRET });
    expect(code).toBe(1);
    expect(stderr).toContain('BOT_TOKEN');
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each([
    [['serve']],
    [['job']],
    [['job', 'nonsense']],
    [['job', 'backup', 'more']],
    [['migrate-database']],
  ])('with the arguments %j ends with 2 and says how it is used', async (args) => {
    const { code, stdout, stderr } = await runMain(args, env);
    expect(code).toBe(2);
    expect(stderr).toMatch(/usage:|npm run/i);
    expect(stdout).toBe('');
  });

  it('does not start a second service on the same data directory', async () => {
    const service = await startService({ dir });
    const { code, stderr } = await runMain([], env);
    expect(code).toBe(1);
    expect(stderr).toContain('DATA_DIR');
    expect((await service.api.call('/health/ready')).status).toBe(200);
    await service.close();
  });
});

describe('commands beside a running service', () => {
  const CHAT = 7_004;
  const double = createBotApiDouble({ token: BOT_TOKEN });
  let service: Service;
  let integration: Provisioned;
  const file = () => join(service.dataDir, 'pingui.db');
  const left = async (): Promise<number> =>
    (await service.api.getIntegration(integration.token, CHAT)).body.integrations.rateLimit;
  const resets = () => service.logs.filter(({ event }) => event === 'quota.reset').length;
  const spend = async (): Promise<void> => {
    expect((await service.api.postAlert(integration.token, { message: 'one' })).status).toBe(202);
    expect(await left()).toBeLessThan(10);
  };

  beforeAll(async () => {
    await double.start();
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-e2e-')));
    // A database that `migrate` has made, and secrets that come as files.
    const secrets = { BOT_TOKEN, JWT_SECRET };
    for (const [name, value] of Object.entries(secrets)) writeFileSync(join(dir, name), `${value}\n`);
    const env = {
      ...{ SEND_DELAY_MS: '50', CHAT_DELAY_MS: '0' },
      ...{ BOT_TOKEN: undefined, JWT_SECRET: undefined },
      ...{ BOT_TOKEN_FILE: join(dir, 'BOT_TOKEN'), JWT_SECRET_FILE: join(dir, 'JWT_SECRET') },
    };
    const first = await runMain(['migrate'], baseEnv(dir));
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toContain('initial');
    service = await startService({ double, dir, env });
    integration = await provisionIntegration(double, service, CHAT);
  });
  afterAll(async () => {
    await service?.close();
    if (service) rmSync(service.dir, { recursive: true, force: true });
    await double.stop();
  });

  it('migrate has nothing to do twice', async () => {
    const { code, stdout, stderr } = await runMain(['migrate'], service.env);
    expect([code, stdout, stderr]).toEqual([0, 'The database is up to date.\n', '']);
  });

  it('job reset-quotas gives every integration its day back', async () => {
    await spend();
    const { code, stdout, stderr } = await runMain(['job', 'reset-quotas'], service.env);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/1 integration/);
    expect(await left()).toBe(10);
  });

  it('job backup writes a database that can be read', async () => {
    const { code, stdout, stderr } = await runMain(['job', 'backup'], service.env);
    expect([code, stderr]).toEqual([0, '']);
    const [name = ''] = readdirSync(service.backupDir);
    expect(name).toMatch(/^pingui-backup-[\dTZ.-]+\.db$/);
    expect(stdout).toContain(name);
    const rows = await query(join(service.backupDir, name), 'SELECT chatId, status FROM Integrations');
    expect(rows).toEqual([{ chatId: CHAT, status: 'active' }]);
  });

  it('the newest backup is known to every process, also to those that write none', async () => {
    await service.restart({ ROLES: 'api,worker,bot' });
    const { text } = await service.api.operate('/metrics');
    await service.restart({ ROLES: undefined });
    const read = (gauge: string) => Number(new RegExp(`^${gauge} (.+)$`, 'm').exec(text)?.[1]);
    const [name = ''] = readdirSync(service.backupDir);
    const { size, mtimeMs } = statSync(join(service.backupDir, name));
    expect(read('pingui_backup_size_bytes')).toBe(size);
    const at = read('pingui_backup_last_success_timestamp_seconds');
    expect(Math.abs(at - mtimeMs / 1000)).toBeLessThan(30);
  });

  it('a midnight that was missed is made up for at the next start, once', async () => {
    await spend();
    await service.stop();
    await query(file(), `DELETE FROM JobRuns WHERE slot LIKE 'manual%'`);
    await query(file(), `UPDATE JobRuns SET slot = '2020-01-31', ranAt = 1580428800000`);
    const before = resets();
    await service.restart();
    expect(await left()).toBe(10);
    expect(resets()).toBe(before + 1);
    await spend();
    await service.stop();
    await service.restart();
    expect(resets()).toBe(before + 1);
    expect(await left()).toBe(9);
    expect(await service.stop()).toBe(0);
  });
});
