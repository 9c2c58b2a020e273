import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../src/crypto/tokens.ts';
import { createBotApiDouble, errorAnswer } from '../../src/sandbox/bot-api-double.ts';
import { callCommand } from '../support/call-command.ts';
import { runMain } from '../support/main-process.ts';
import { botMessages, type Provisioned, provisionIntegration } from '../support/provision.ts';
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

  it('with arguments that it does not know ends with 2 and says how it is used', async () => {
    const { code, stdout, stderr } = await runMain(['job', 'nonsense'], env);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Usage: pingui/m);
    expect(stdout).toBe('');
  });

  it.each([
    'serve',
    'job',
    'job backup more',
    'migrate-database',
    'restore some.db',
    'backup verify',
    'integrations limit 1 many',
    'integrations show one',
    'alerts show 1',
    'chats block nobody',
    'queue',
    'queue stats now',
    'doctor --loud',
    'job run upkeep',
  ])('so does `pingui %s`', async (line) => {
    const { code, stdout, stderr } = await callCommand(line.split(' '), { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: pingui/m);
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
  /** Of 15 digits, so that it occurs nowhere by chance. */
  const OPERATOR = 845_120_977_316_222;
  const MAX_QUEUE = 3;
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
      ...{ SEND_DELAY_MS: '50', CHAT_DELAY_MS: '0', MAX_QUEUE_SIZE: String(MAX_QUEUE) },
      OPERATOR_CHAT_ID: String(OPERATOR),
      ...{ BOT_TOKEN: undefined, JWT_SECRET: undefined },
      ...{ BOT_TOKEN_FILE: join(dir, 'BOT_TOKEN'), JWT_SECRET_FILE: join(dir, 'JWT_SECRET') },
    };
    const first = await runMain(['migrate'], baseEnv(dir));
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toContain('initial');
    double.addChat({ id: OPERATOR, type: 'private', first_name: 'Olga' });
    service = await startService({ double, dir, env });
    integration = await provisionIntegration(double, service, CHAT);
  });
  afterAll(async () => {
    await service?.close();
    if (service) rmSync(service.dir, { recursive: true, force: true });
    await double.stop();
  });

  const call = (...argv: string[]) => callCommand(argv, { env: service.env });
  const json = async (...argv: string[]) => {
    const { code, stdout, stderr } = await call(...argv, '--json');
    expect([code, stderr]).toEqual([0, '']);
    // No command shows a chat's id, a token or its hash.
    for (const secret of [
      String(CHAT),
      integration.token,
      hashToken(integration.token),
      BOT_TOKEN,
      JWT_SECRET,
    ])
      expect(stdout).not.toContain(secret);
    return JSON.parse(stdout);
  };

  it('integrations list and show tell whose they are and what is left; limit changes it', async () => {
    const { id } = integration.integration;
    const [listed] = await json('integrations', 'list');
    expect(listed).toMatchObject({
      id,
      name: 'backup',
      status: 'active',
      dailyLimit: 10,
      hasOwnLimit: false,
    });
    expect(listed.chat).toMatch(/^[0-9a-f]{16}$/);
    expect(await json('integrations', 'show', String(id))).toEqual(listed);
    expect(await json('integrations', 'list', '--chat', '0'.repeat(16))).toEqual([]);
    const spent = 10 - (await left());
    expect(await json('integrations', 'limit', String(id), '50')).toMatchObject({
      ...{ dailyLimit: 50, hasOwnLimit: true, remaining: 50 - spent },
    });
    expect(await left()).toBe(50 - spent);
    expect(await json('integrations', 'limit', String(id), 'default')).toMatchObject({
      ...{ dailyLimit: 10, hasOwnLimit: false, remaining: 10 - spent },
    });
    const unknown = await call('integrations', 'show', '4711');
    expect([unknown.code, unknown.stdout]).toEqual([1, '']);
    expect(unknown.stderr).toContain('There is no integration with this id');
  });

  it('queue pause keeps alerts waiting, alerts show tells why, queue resume sends them', async () => {
    expect(await json('queue', 'pause')).toEqual({ paused: true });
    const { body } = await service.api.postAlert(integration.token, { message: 'waits' });
    expect(await json('alerts', 'show', body.id)).toMatchObject({ status: 'queued', waits: 'paused' });
    expect(await json('queue', 'stats')).toMatchObject({ paused: true, pending: 1, workers: 1 });
    expect((await call('queue', 'stats')).stdout).toMatch(/^pending +1 of 3$/m);
    expect(await json('queue', 'resume')).toEqual({ paused: false });
    await service.api.waitForStatus(integration.token, body.id, ['delivered']);
    const shown = await json('alerts', 'show', body.id);
    expect(shown).toMatchObject({ status: 'delivered', integration: { name: 'backup' }, waits: null });
    expect(JSON.stringify(shown)).not.toContain('waits":"waits');
    const again = await call('alerts', 'resend', body.id);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('this one is delivered')]);
  });

  it('the operator’s chat is told that the queue is full, though nothing is sent from it', async () => {
    await json('queue', 'pause');
    for (let number = 0; number < MAX_QUEUE; number += 1)
      expect((await service.api.postAlert(integration.token, { message: 'fills the queue' })).status).toBe(
        202,
      );
    const told = () => botMessages(double, OPERATOR).map(({ text }) => text);
    await expect.poll(told, { timeout: 15_000 }).toEqual([expect.stringMatching(/^⚠️ The queue is full: /)]);
    await json('queue', 'resume');
    await expect.poll(async () => (await json('queue', 'stats')).pending, { timeout: 10_000 }).toBe(0);
  });

  it('alerts resend sends a failed one again', async () => {
    double.fault({ method: 'sendMessage', action: errorAnswer(400, 'Bad Request: chat_restricted') });
    const { body } = await service.api.postAlert(integration.token, { message: 'fails' });
    await service.api.waitForStatus(integration.token, body.id, ['failed']);
    expect(await json('alerts', 'resend', body.id)).toMatchObject({
      id: body.id,
      status: 'queued',
      resends: 1,
    });
    await service.api.waitForStatus(integration.token, body.id, ['delivered']);
  });

  it('token inspect tells whether a token is taken, also from standard input', async () => {
    const { token, setupToken } = integration;
    const inspect = async (input: string) => {
      const answer = await callCommand(['token', 'inspect', '--json'], { env: service.env, input });
      return { code: answer.code, ...JSON.parse(answer.stdout) };
    };
    expect(await inspect(`${token}\n`)).toMatchObject({
      ...{ code: 0, accepted: true, kind: 'integration', integration: { name: 'backup', status: 'active' } },
    });
    expect(await inspect(setupToken)).toMatchObject({ code: 1, accepted: false, kind: 'setup' });
    expect(await inspect(`${token.slice(0, -3)}abc`)).toMatchObject({ code: 1, accepted: false });
    expect((await callCommand(['token', 'inspect'], { env: service.env })).code).toBe(2);
  });

  it('config print shows where each setting comes from, and no secret', async () => {
    const { settings, faults } = await json('config', 'print');
    expect(faults).toEqual([]);
    expect(settings.JWT_SECRET).toEqual({ value: '(set, hidden)', source: 'file' });
    expect(settings.SEND_DELAY_MS).toEqual({ value: '50', source: 'environment' });
    expect(settings.MAX_ALERTS).toEqual({ value: '10', source: 'default' });
    expect(settings.ADMIN_PASSWORD.value).toBe('(set, hidden)');
  });

  it('doctor finds nothing wrong, and changes nothing', async () => {
    const { ok, findings } = await json('doctor');
    expect(findings.filter(({ status }: { status: string }) => status === 'fault')).toEqual([]);
    expect(ok).toBe(true);
    const methods = double.calls.slice(-4).map(({ method }) => method);
    expect(methods).toContain('getWebhookInfo');
    expect(double.calls.filter(({ method }) => method === 'deleteWebhook')).toHaveLength(1);
  });

  it('migrate has nothing to do twice', async () => {
    const { code, stdout, stderr } = await call('migrate');
    expect([code, stdout, stderr]).toEqual([0, 'The database is up to date.', '']);
  });

  it('job reset-quotas gives every integration its day back', async () => {
    await spend();
    const { code, stdout, stderr } = await call('job', 'reset-quotas');
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
    await service.restart({ ROLES: undefined });
    expect(await left()).toBe(10);
    expect(resets()).toBe(before + 1);
    await spend();
    await service.stop();
    await service.restart();
    expect(resets()).toBe(before + 1);
    expect(await left()).toBe(9);
  });

  it('the operator’s chat was told once, and of the end, too: by whichever process runs then', async () => {
    const told = () => botMessages(double, OPERATOR).map(({ text }) => text);
    await expect
      .poll(told, { timeout: 20_000 })
      .toEqual([
        expect.stringContaining('The queue is full'),
        expect.stringMatching(/^✅ It is over: The queue was full/),
      ]);
    expect(await service.stop()).toBe(0);
  });
});
