import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import { connectDatabase, type Database } from '../../../src/db/engine/connect.ts';
import { openSqlite } from '../../../src/db/engine/sqlite-connection.ts';
import { installationId } from '../../../src/db/installation.ts';
import { callCommand } from '../../support/call-command.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { openMigrated } from '../../support/sqlite.ts';
import { startDatabases } from '../db/databases.ts';

const databases = await startDatabases();
let redis: TestRedis;
let runs = 0;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(async () => {
  await redis.stop();
  await databases.stop();
});

describe.each(databases.kinds)('pingui restore on $name', ({ createMigratedUrl }) => {
  let env: Record<string, string> = {};
  let backup = '';
  const open = (): Promise<Database> => connectDatabase(parseDatabaseUrl(env.DATABASE_URL ?? ''));
  const restore = async (file: string, ...options: string[]) => {
    const { code, stdout } = await callCommand(['restore', file, '--yes', '--json', ...options], { env });
    return { code, ...JSON.parse(stdout) };
  };
  const names = async () => {
    const db = await open();
    const rows: { name: string; status: string }[] = await db.knex('Integrations').orderBy('id');
    await db.close();
    return rows.map(({ name, status }) => `${name} ${status}`);
  };
  /** The backup with something in it changed. */
  const changed = async (name: string, sql: string) => {
    const file = join(databases.dir, `${runs}-${name}.db`);
    copyFileSync(backup, file);
    const copy = await openSqlite(file, 'readwrite');
    await copy.all(sql);
    await copy.close();
    return file;
  };

  beforeEach(async () => {
    runs += 1;
    const dir = join(databases.dir, `restore-${runs}`);
    env = {
      ...{
        DATABASE_URL: await createMigratedUrl(),
        DATA_DIR: join(dir, 'data'),
        BACKUP_DIR: join(dir, 'backups'),
      },
      ...{ REDIS_URL: redis.url, QUEUE_PREFIX: `{restore-${runs}}`, JWT_SECRET: 'x'.repeat(32) },
    };
    const db = await openMigrated(env.DATABASE_URL ?? '');
    await installationId(db);
    const integration = { scope: 'alert:send', rateLimit: 10, dailyLimit: 10, createdAt: 1, updatedAt: 1 };
    await db
      .knex('Integrations')
      .insert(
        ['a', 'b'].map((name) => ({ ...integration, name, chatId: 7, status: 'active', tokenHash: name })),
      );
    const alert = {
      integrationId: 1,
      format: 'plain',
      priority: 'normal',
      createdAt: 1,
      queuedAt: 1,
      remaining: 1,
    };
    await db.knex('Alerts').insert(
      ['queued', 'sending'].map((status, index) => ({
        ...{ ...alert, status, silent: 0, hasButton: 0, sendingAt: index === 0 ? null : 1 },
        id: `00000000-0000-4000-8000-00000000000${index}`,
      })),
    );
    await db.close();
    const made = await callCommand(['backup', '--portable', '--json'], { env });
    expect([made.code, made.stderr]).toEqual([0, '']);
    backup = JSON.parse(made.stdout).file;
  });

  it('is refused while somebody is connected, and then puts everything back', async () => {
    const db = await open();
    await db.knex('Integrations').where({ name: 'a' }).update({ status: 'revoked', tokenHash: null });
    await db.knex('Integrations').where({ name: 'b' }).update({ tokenHash: 'newer' });
    expect(await restore(backup)).toMatchObject({ code: 1, fault: 'refused' });
    await db.close();
    const done = await restore(backup);
    expect(done).toMatchObject({
      ...{ code: 0, restored: true, alerts: { waiting: 0, known: 0, uncertain: 1, lost: 1 } },
      tokensThatLiveAgain: [
        { id: 1, name: 'a', since: 'revoked' },
        { id: 2, name: 'b', since: 'rotated' },
      ],
      tokensThatEnd: [{ id: 2, since: 'rotated' }],
    });
    expect(await names()).toEqual(['a active', 'b active']);
    // What it has replaced is a backup itself.
    expect(await restore(done.kept)).toMatchObject({ code: 0 });
    expect(await names()).toEqual(['a revoked', 'b active']);
    expect(readdirSync(env.DATA_DIR ?? '')).toEqual([]);
  });

  it('sends no part again that arrived after the backup was made', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue('alerts', { connection, prefix: env.QUEUE_PREFIX ?? '' });
    await queue.add(
      'alert',
      { chat: 'c', deliverAt: null, arrived: { parts: 3, messageIds: [41, 42] } },
      { jobId: id, priority: 3 },
    );
    await queue.close();
    connection.disconnect();
    expect(await restore(backup)).toMatchObject({ code: 0, alerts: { waiting: 1, uncertain: 1, lost: 0 } });
    const db = await open();
    const entry = await db.knex('Alerts').where({ id }).first();
    await db.close();
    expect(entry).toMatchObject({ status: 'queued', parts: 3, messageIds: '41,42' });
  });

  it('refuses what is damaged, newer, or of another installation, and changes nothing', async () => {
    const before = await names();
    const newer = await changed(
      'newer',
      `INSERT INTO knex_migrations (name) VALUES ('29990101000000_later')`,
    );
    const foreign = await changed('foreign', `UPDATE Installation SET id = 'of-another-one'`);
    const empty = await changed('no-tables', 'DROP TABLE Alerts');
    const damaged = join(databases.dir, `${runs}-damaged.db`);
    const bytes = readFileSync(backup);
    bytes.fill(0x5a, 4096 * 3, 4096 * 6);
    writeFileSync(damaged, bytes);
    expect(await restore(newer)).toMatchObject({ code: 1, fault: 'newer' });
    expect(await restore(damaged)).toMatchObject({ code: 1, fault: 'damaged' });
    expect(await restore(empty)).toMatchObject({ code: 1, fault: 'foreign' });
    expect(await restore(foreign)).toMatchObject({ code: 1, fault: 'refused' });
    expect(await names()).toEqual(before);
    expect((await callCommand(['backup', 'verify', damaged], { env })).code).toBe(1);
    expect(await restore(foreign, '--foreign')).toMatchObject({ code: 0, restored: true });
  });

  it.each<[string, string, string, (file: string) => void]>([
    ['a folder', 'missing', 'is a folder', (file) => mkdirSync(file)],
    ['an empty file', 'foreign', 'is empty', (file) => writeFileSync(file, '')],
    ['a compressed file', 'foreign', 'unpack it', (file) => writeFileSync(file, gzipSync('x'))],
    ['a text', 'foreign', 'is not a backup', (file) => writeFileSync(file, 'hello')],
    ['nothing', 'missing', 'no such file', () => undefined],
    ['what cannot be read', 'unreadable', '(ELOOP)', (file) => symlinkSync(file, file)],
  ])('says of %s why it is no backup', async (name, fault, message, make) => {
    const file = join(databases.dir, `${runs}-${name}`);
    make(file);
    const refusal = { code: 1, fault, message: expect.stringContaining(message) };
    expect(await restore(file)).toMatchObject({ ...refusal, restored: false });
    const verified = await callCommand(['backup', 'verify', file, '--json'], { env });
    expect({ code: verified.code, ...JSON.parse(verified.stdout) }).toMatchObject(refusal);
  });
});

describe('pingui restore of the database itself', () => {
  it('is refused, by whichever name', async () => {
    const dir = join(databases.dir, 'itself');
    const env = { DATA_DIR: dir, REDIS_URL: redis.url, JWT_SECRET: 'x'.repeat(32) };
    expect((await callCommand(['migrate'], { env })).code).toBe(0);
    linkSync(join(dir, 'pingui.db'), join(dir, 'other-name.db'));
    for (const name of ['pingui.db', 'other-name.db']) {
      const { code, stdout } = await callCommand(['restore', join(dir, name), '--yes'], { env });
      expect([code, stdout]).toEqual([1, expect.stringContaining('the database itself')]);
    }
  });
});

describe('pingui restore where SQLite’s file is damaged', () => {
  it('moves it aside, and lists every token, as there is nothing to compare with', async () => {
    const dir = join(databases.dir, 'damaged-present');
    const file = join(dir, 'pingui.db');
    const env = {
      ...{ DATABASE_URL: `sqlite:${file}`, DATA_DIR: dir, BACKUP_DIR: join(dir, 'backups') },
      ...{ REDIS_URL: redis.url, QUEUE_PREFIX: '{damaged}', JWT_SECRET: 'x'.repeat(32) },
    };
    const db = await openMigrated(env.DATABASE_URL);
    await db.knex('Integrations').insert({
      ...{ scope: '', rateLimit: 1, dailyLimit: 1, createdAt: 1, updatedAt: 1 },
      ...{ name: 'a', chatId: 7, status: 'active', tokenHash: 'a' },
    });
    await db.close();
    const made = JSON.parse((await callCommand(['backup', '--json'], { env })).stdout);
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 4096 * 2, 4096 * 8);
    writeFileSync(file, bytes);
    const { code, stdout } = await callCommand(['restore', made.file, '--yes', '--json'], { env });
    const done = JSON.parse(stdout);
    expect([code, done.restored]).toEqual([0, true]);
    expect(done.tokensThatLiveAgain).toMatchObject([{ id: 1, since: 'unknown' }]);
    expect(done.kept).toMatch(/pingui\.db\.replaced-/);
    expect(existsSync(done.kept)).toBe(true);
  });
});
