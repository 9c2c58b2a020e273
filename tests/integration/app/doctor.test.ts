import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/app/doctor/finding.ts';
import { openExisting } from '../../../src/db/engine/open-existing.ts';
import { installationId } from '../../../src/db/installation.ts';
import { createBotApiDouble } from '../../../src/sandbox/bot-api-double.ts';
import { callCommand } from '../../support/call-command.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { BOT_TOKEN, JWT_SECRET } from '../../support/service.ts';

const OPERATOR = 845_120_977_316_111;

let dir = '';
let redis: TestRedis;
const double = createBotApiDouble({ token: BOT_TOKEN });
beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-doctor-')));
  redis = await startTestRedis();
  await double.start();
});
afterAll(async () => {
  await double.stop();
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
});

const env = (changes: Record<string, string> = {}) => ({
  ...{ BOT_TOKEN, JWT_SECRET, REDIS_URL: redis.url, TELEGRAM_API_ROOT: double.apiRoot },
  ...{ DATA_DIR: join(dir, 'data'), BACKUP_DIR: join(dir, 'backups'), PUBLIC_URL: 'https://alerts.example' },
  PORT: '0',
  ...changes,
});

/** What doctor found, but for what is fine. */
async function examine(
  changes: Record<string, string> = {},
  deps: Parameters<typeof callCommand>[1] = {},
): Promise<{ code: number | undefined; found: Finding[]; text: string }> {
  const { code, stdout } = await callCommand(['doctor', '--json'], { env: env(changes), ...deps });
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, found: findings.filter(({ status }) => status !== 'ok'), text: stdout };
}

const about = (subject: string, message: string, status = 'fault') =>
  expect.objectContaining({ subject, status, message: expect.stringContaining(message) });

describe('doctor', () => {
  it('leaves nothing behind, and warnings leave 0', async () => {
    const { code, found } = await examine(
      { PUBLIC_URL: 'http://alerts.example' },
      { nodeVersion: '20.20.0' },
    );
    expect(code).toBe(0);
    expect(found).toEqual([
      about('settings', 'plain http', 'warning'),
      about('node', 'no security fixes', 'warning'),
      about('database', 'no database yet', 'warning'),
      about('backup', 'no backup yet', 'warning'),
    ]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('names all faults of the settings, without a value', async () => {
    const { code, found, text } = await examine({ PORT: 's3cr3t', JWT_SECRET: 's3cr3t' });
    expect(code).toBe(1);
    expect(found).toEqual([about('settings', 'PORT must'), about('settings', 'JWT_SECRET must')]);
    expect(text).not.toContain('s3cr3t');
  });

  it('says what is wrong with Redis, and whose its queue is', async () => {
    await redis.admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.admin.set('{pingui:queue}:installation', 'of-another-database');
    expect((await callCommand(['migrate'], { env: env() })).code).toBe(0);
    const db = await openExisting({ dialect: 'sqlite', file: join(dir, 'data/pingui.db') });
    await installationId(db);
    await db.close();
    const { code, found } = await examine();
    expect(code).toBe(1);
    expect(found).toEqual(
      expect.arrayContaining([
        about('redis', 'maxmemory-policy'),
        about('redis', 'belongs to another database'),
      ]),
    );
    await redis.admin.config('SET', 'maxmemory-policy', 'noeviction');
    await redis.admin.del('{pingui:queue}:installation');
    // At the same time: each is tried for seconds.
    const [away, refused, other] = await Promise.all([
      examine({ REDIS_URL: 'redis://user:s3cr3t@127.0.0.1:1' }),
      examine({ REDIS_URL: redis.url.replace('redis://', 'redis://user:s3cr3t@') }),
      examine({ REDIS_URL: double.apiRoot.replace('http:', 'redis:') }),
    ]);
    expect(away.found).toEqual(expect.arrayContaining([about('redis', 'does not respond at 127.0.0.1:1')]));
    expect(away.text).not.toContain('s3cr3t');
    expect(refused.found).toEqual(
      expect.arrayContaining([about('redis', 'refuses the user or the password')]),
    );
    expect(refused.text).not.toContain('s3cr3t');
    expect(other.found).toEqual(expect.arrayContaining([about('redis', 'what answers there is no Redis')]));
  });

  it('finds a damaged database', async () => {
    const file = join(dir, 'broken.db');
    writeFileSync(file, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8192, 7)]));
    const { found } = await examine({ DATABASE_URL: `sqlite:${file}` });
    expect(found).toEqual(expect.arrayContaining([about('database', `at ${file} is damaged`)]));
  });

  it('tells a database of somebody else from an empty one, and says which it looked at', async () => {
    const file = join(dir, 'other.db');
    writeFileSync(file, '');
    expect((await examine({ DATABASE_URL: `sqlite:${file}` })).found).toEqual(
      expect.arrayContaining([about('database', `${file} is empty`, 'warning')]),
    );
    writeFileSync(file, 'hello');
    expect((await examine({ DATABASE_URL: `sqlite:${file}` })).found).toEqual(
      expect.arrayContaining([about('database', `What is at ${file} is no database`)]),
    );
  });

  it('finds folders that cannot be written', async () => {
    const file = join(dir, 'a-file');
    writeFileSync(file, '');
    const { code, found } = await examine({ DATA_DIR: join(file, 'data'), BACKUP_DIR: file });
    expect(code).toBe(1);
    expect(found).toEqual(
      expect.arrayContaining(
        ['DATA_DIR', 'DATABASE_URL', 'BACKUP_DIR'].map((variable) => about('disk', `${variable} cannot be`)),
      ),
    );
  });

  it('asks the service on this machine, which alone knows of another poller', async () => {
    const checks = {
      redis: { status: 'ok', ms: 1 },
      telegram: { status: 'degraded', ms: 1, reason: 'updates_conflict' },
      queue: { status: 'degraded', ms: 1, reason: 'no_progress' },
    };
    let answer: object = { status: 'degraded', checks };
    const service = createServer((_req, res) => res.writeHead(503).end(JSON.stringify(answer)));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const PORT = String((service.address() as AddressInfo).port);
    const ofService = async () => (await examine({ PORT })).found.filter((one) => one.subject === 'service');
    try {
      expect(await ofService()).toEqual([
        about('service', 'Another program polls'),
        about('service', 'queue: no_progress'),
      ]);
      answer = { status: 'ok', checks: { telegram: { status: 'ok', ms: 1 } } };
      expect(await ofService()).toEqual([]);
      answer = { hello: 'world' };
      expect(await ofService()).toEqual([about('service', 'is not Pingui Alert', 'warning')]);
    } finally {
      service.closeAllConnections();
      await new Promise((resolve) => service.close(resolve));
    }
    expect(await ofService()).toEqual([about('service', 'No service answers', 'skipped')]);
  });

  it('finds a token that Telegram does not know, a Telegram that is away, and a proxy that is', async () => {
    expect((await examine({ BOT_TOKEN: '1:wrong' })).found).toEqual(
      expect.arrayContaining([about('telegram', 'does not know BOT_TOKEN')]),
    );
    const away = await examine({ TELEGRAM_API_ROOT: 'http://127.0.0.1:1' });
    expect(away.found).toEqual(expect.arrayContaining([about('telegram', 'cannot be reached (')]));
    const proxied = await examine({ ALL_PROXY: 'http://user:s3cr3t@127.0.0.1:1' });
    expect(proxied.found).toEqual(
      expect.arrayContaining([about('telegram', 'through the proxy http://127.0.0.1:1')]),
    );
    expect(proxied.text).not.toContain('s3cr3t');
  });

  it('finds a webhook of somebody else, and never takes an update', async () => {
    const set = (url: string) =>
      fetch(`${double.apiRoot}/bot${BOT_TOKEN}/setWebhook`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ url }),
      });
    await set('http://127.0.0.1:9/path-s3cr3t');
    const { found, text } = await examine();
    expect(found).toEqual(expect.arrayContaining([about('telegram', 'a webhook at 127.0.0.1:9')]));
    expect(text).not.toContain('s3cr3t');
    expect((await examine({ WEBHOOK_URL: 'https://alerts.example/telegram/updates' })).found).toEqual(
      expect.arrayContaining([about('telegram', 'not to WEBHOOK_URL')]),
    );
    await set('');
    expect((await examine({ WEBHOOK_URL: 'https://alerts.example/telegram/updates' })).found).toEqual(
      expect.arrayContaining([about('telegram', 'No webhook is set', 'warning')]),
    );
    expect(double.calls.filter(({ method }) => method === 'getUpdates')).toEqual([]);
  });

  it('finds out whether the operator’s chat can be told, without naming it', async () => {
    const unknown = await examine({ OPERATOR_CHAT_ID: String(OPERATOR) });
    expect(unknown.found).toEqual(
      expect.arrayContaining([about('telegram', 'does not know the chat of OPERATOR_CHAT_ID')]),
    );
    expect(unknown.text).not.toContain(String(OPERATOR));
  });

  it('compares the clock with the Bot API’s', async () => {
    const off = (ms: number) => ({ clock: { now: () => Date.now() + ms } });
    expect((await examine({}, off(90_000))).found).toEqual(
      expect.arrayContaining([about('clock', 's ahead')]),
    );
    expect((await examine({}, off(-20_000))).found).toEqual(
      expect.arrayContaining([about('clock', 's behind', 'warning')]),
    );
  });

  it('wants the JWT_SECRET that the database was used with', async () => {
    const db = await openExisting({ dialect: 'sqlite', file: join(dir, 'data/pingui.db') });
    await db.knex('Installation').update({ keyFingerprint: 'f'.repeat(32) });
    await db.knex('Integrations').insert({
      ...{ chatId: 1, name: 'x', scope: '', rateLimit: 1, dailyLimit: 1, status: 'active' },
      ...{ createdAt: 1, updatedAt: 1 },
    });
    await db.close();
    expect((await examine()).found).toEqual(
      expect.arrayContaining([about('database', 'JWT_SECRET is not the one')]),
    );
  });
});
