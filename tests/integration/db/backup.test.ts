import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import { writeBackup } from '../../../src/db/backup/backup-files.ts';
import { createDatabaseMaintenance } from '../../../src/db/backup/database-maintenance.ts';
import { createChatRepository } from '../../../src/db/chats/chat-repository.ts';
import { connectDatabase, type Database } from '../../../src/db/engine/connect.ts';
import { readSnapshot } from '../../../src/db/engine/copy-tables.ts';
import { migrate } from '../../../src/db/engine/migrate.ts';
import { TABLES } from '../../../src/db/engine/tables.ts';
import { installationId } from '../../../src/db/installation.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import { createKeyRepository } from '../../../src/db/keys/key-repository.ts';
import { createStatisticsRepository } from '../../../src/db/statistics/statistics-repository.ts';
import { NO_OUTCOMES } from '../../../src/domain/statistics.ts';
import { callCommand } from '../../support/call-command.ts';
import { openMigrated } from '../../support/sqlite.ts';
import { DAY_MS, multiplyAlert, NOW, newAlert, startDatabases } from './databases.ts';

const databases = await startDatabases();
afterAll(() => databases.stop());

let folders = 0;
let folder = '';
beforeEach(() => {
  folders += 1;
  folder = join(databases.dir, `backups-${folders}`, 'pingui');
});

/** A database with every kind of row, beyond one page of the copy. */
async function openFilled(url: string, alerts = 700): Promise<Database> {
  const db = await openMigrated(url);
  await installationId(db);
  const repository = createIntegrationRepository(db);
  const { id } = await repository.insertPending(-1_002_345_678_901, 'Tür – 門', alerts + 10, NOW);
  await repository.insertPending(42, 'other', 10, NOW);
  await db.knex('Integrations').where({ id }).update({ status: 'active' });
  const ledger = createAlertLedger(db, { idempotencyWindowMs: DAY_MS });
  await ledger.accept(newAlert(id, { idempotency: { keyHash: '0', bodyHash: 'b' } }));
  await multiplyAlert(db, alerts, (n) => ({ silent: (n + 1) % 2, idempotencyKeyHash: `${n}` }));
  await repository.markQuotaReset('2026-11-24', NOW);
  const chats = createChatRepository(db);
  await chats.register(42, NOW);
  await createKeyRepository(db).add(
    { integrationId: id, adapter: 'ntfy', name: 'one', keyHash: 'k', sealedOptions: 's', createdAt: NOW },
    1,
  );
  await chats.addInvite('a'.repeat(64), NOW + DAY_MS, NOW);
  const statistics = createStatisticsRepository(db);
  await statistics.addRefusals(
    [{ slot: NOW, code: 'queue_full', count: 2 }],
    [{ date: '2026-11-24', integrationId: id, count: 1 }],
  );
  await statistics.closeDay('2026-11-23', NO_OUTCOMES);
  return db;
}

async function contentOf(db: Database): Promise<unknown[][]> {
  const content: unknown[][] = [];
  for (const { name, key } of TABLES) {
    const rows: unknown[] = await db.knex(name).orderBy(key.map((column) => ({ column })));
    content.push(rows.map((row) => JSON.stringify(row)).sort());
  }
  return content;
}

async function portable(db: Database, now: number): Promise<{ file: string; bytes: number }> {
  const written = await createDatabaseMaintenance(db).backup(folder, 3, now);
  if (written === undefined) throw new Error('no backup was written');
  return written;
}

describe.each(databases.kinds)('a portable backup of $name', ({ createMigratedUrl }) => {
  it('is a verified SQLite file with all rows, readable by its owner alone', async () => {
    const db = await openFilled(await createMigratedUrl());
    const { file, bytes } = await portable(db, Date.UTC(2026, 10, 24, 3));
    expect(file).toBe(join(folder, 'pingui-backup-2026-11-24T03-00-00-000Z.db'));
    expect(bytes).toBe(statSync(file).size);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toHaveLength(1);

    const copy = await connectDatabase(parseDatabaseUrl(`sqlite:${file}`), { create: false });
    expect(await contentOf(copy)).toEqual(await contentOf(db));
    expect(await migrate(copy)).toEqual([]);
    await Promise.all([copy.close(), db.close()]);
  });

  it('is one state of the database while alerts go on being accepted', async () => {
    const db = await openFilled(await createMigratedUrl(), 300);
    const ledger = createAlertLedger(db, { idempotencyWindowMs: DAY_MS });
    await db.knex('Integrations').where({ id: 1 }).update({ rateLimit: 100_000, dailyLimit: 100_000 });
    let isDone = false;
    let duringBackup = 0;
    const writer = (async () => {
      while (!isDone) {
        await ledger.accept(newAlert(1));
        duringBackup += 1;
        await nextTurn();
      }
    })();
    const { file } = await portable(db, NOW);
    isDone = true;
    await writer;
    expect(duringBackup).toBeGreaterThan(0);

    const copy = await connectDatabase(parseDatabaseUrl(`sqlite:${file}`), { create: false });
    const [{ rateLimit = -1 } = {}] = await copy.knex('Integrations').where({ id: 1 });
    // 300 were there before; every later one took a unit in the transaction that wrote it.
    const [{ rows = 0 } = {}] = await copy.knex('Alerts').count({ rows: '*' });
    expect(100_000 - rateLimit).toBe(Number(rows) - 300);
    await Promise.all([copy.close(), db.close()]);
  });
});

describe.each(databases.kinds)('a snapshot of $name', ({ createMigratedUrl }) => {
  it('shows no alert that was accepted after it began', async () => {
    const url = await createMigratedUrl();
    const dbs = [await openFilled(url, 5), await connectDatabase(parseDatabaseUrl(url))] as const;
    const ledger = createAlertLedger(dbs[1], { idempotencyWindowMs: DAY_MS });
    const { counts, accepted } = await readSnapshot(dbs[0], async (trx) => {
      const before = await trx('Alerts');
      // On SQLite it waits for the snapshot's end, on PostgreSQL it does not.
      const accepting = ledger.accept(newAlert(1));
      await Promise.race([accepting, sleep(100)]);
      return { counts: [before.length, (await trx('Alerts')).length], accepted: accepting };
    });
    expect(counts).toEqual([5, 5]);
    expect(await accepted).toMatchObject({ kind: 'accepted' });
    expect(await dbs[0].knex('Alerts')).toHaveLength(6);
    await Promise.all(dbs.map((db) => db.close()));
  });
});

describe('the folder of backups', () => {
  it('keeps the newest, and every file that is no backup', async () => {
    const [sqlite] = databases.kinds;
    const db = await openFilled((await sqlite?.createUrl()) ?? '', 1);
    mkdirSync(folder, { recursive: true });
    const others = ['pingui-backup-old.db', 'pingui-backup-2026-11-20T03-00-00-000Z.db.gz', 'notes.txt'];
    for (const name of others) writeFileSync(join(folder, name), '');
    const maintenance = createDatabaseMaintenance(db);
    for (let day = 20; day <= 24; day += 1) await maintenance.backup(folder, 2, Date.UTC(2026, 10, day, 3));
    expect(readdirSync(folder).sort()).toEqual(
      [
        ...others,
        'pingui-backup-2026-11-23T03-00-00-000Z.db',
        'pingui-backup-2026-11-24T03-00-00-000Z.db',
      ].sort(),
    );
    await db.close();
  });

  it('is as before after a backup that failed or is damaged', async () => {
    mkdirSync(folder, { recursive: true });
    const older = 'pingui-backup-2026-11-20T03-00-00-000Z.db';
    writeFileSync(join(folder, older), 'x');
    const failed = writeBackup(folder, { keep: 1, now: NOW }, async (draft) => {
      writeFileSync(draft, 'half');
      throw new Error('disk full');
    });
    await expect(failed).rejects.toThrow('disk full');
    const damaged = writeBackup(folder, { keep: 1, now: NOW }, async (draft) => {
      writeFileSync(draft, 'not a database, but long enough to be read as the header of one'.repeat(20));
    });
    await expect(damaged).rejects.toThrow();
    expect(readdirSync(folder)).toEqual([older]);
  });

  describe('loses, with the next backup, the draft of a process that was killed', () => {
    const HOUR_MS = 3_600_000;
    const draft = (n: number) =>
      `.pingui-backup-2026-11-2${n}T03-00-00-000Z.db.0b51fc9a-1c5b-4f0e-8c39-5f0c5d1f9a0${n}.tmp`;
    const put = (name: string, hoursAgo: number) => {
      mkdirSync(folder, { recursive: true });
      const at = new Date(NOW - hoursAgo * HOUR_MS);
      writeFileSync(join(folder, name), 'half');
      utimesSync(join(folder, name), at, at);
    };
    const left = () => readdirSync(folder).filter((name) => !name.startsWith('pingui-backup-'));
    /** The next backup. It may fail: what was left goes first. */
    const backUp = () =>
      writeBackup(folder, { keep: 1, now: NOW }, async () => {
        throw new Error('disk full');
      });

    it('and SQLite’s files beside it', async () => {
      for (const suffix of ['', '-wal', '-shm', '-journal']) put(draft(1) + suffix, 13);
      await expect(backUp()).rejects.toThrow('disk full');
      expect(left()).toEqual([]);
    });

    it('but not one that another process may be writing, be it only to a file beside it', async () => {
      put(draft(1), 11);
      put(draft(2), 13);
      put(`${draft(2)}-journal`, 1);
      put(draft(3), 13);
      // From a machine whose clock is ahead.
      put(draft(4), -13);
      await expect(backUp()).rejects.toThrow('disk full');
      expect(left().sort()).toEqual([draft(1), draft(2), `${draft(2)}-journal`, draft(4)].sort());
    });

    it('but nothing that somebody else put there', async () => {
      const others = [
        '.pingui-backup.tmp',
        '.notes.tmp',
        draft(1).slice(1),
        `${draft(1)}.gz`,
        `${draft(1)}-wal2`,
        draft(1).replace('0b51fc9a', 'mine'),
      ];
      for (const name of others) put(name, 1_000);
      mkdirSync(join(folder, draft(2)));
      utimesSync(join(folder, draft(2)), new Date(0), new Date(0));
      await expect(backUp()).rejects.toThrow('disk full');
      expect(readdirSync(folder).sort()).toEqual([...others, draft(2)].sort());
    });
  });

  it('gets no backup when the database is gone', async () => {
    const [sqlite] = databases.kinds;
    const db = await openFilled((await sqlite?.createUrl()) ?? '', 1);
    const gone = { ...db, file: join(databases.dir, 'gone.db') };
    await expect(createDatabaseMaintenance(gone).backup(folder, 1, NOW)).rejects.toThrow(/SQLITE_CANTOPEN/);
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(gone.file)).toBe(false);
    await db.close();
  });
});

const pairs = databases.kinds.flatMap((from) =>
  databases.kinds
    .filter((to) => from !== to || databases.kinds.length === 1)
    .map((to) => ({ title: `${from.name} to ${to.name}`, from, to })),
);

describe.each(pairs)('migrate-database from $title', ({ from, to }) => {
  it('moves every row, verifies it, and leaves a database that goes on counting', async () => {
    const [source, target] = [await from.createMigratedUrl(), await to.createUrl()];
    const filled = await openFilled(source);
    const { code, stdout, stderr } = await move(source, target);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      'Installation: 1 row copied',
      'Integrations: 2 rows copied',
      'Alerts: 700 rows copied',
      'Incidents: 0 rows copied',
      'Keys: 1 row copied',
      'Chats: 1 row copied',
      'Invites: 1 row copied',
      'JobRuns: 1 row copied',
      'DailyCounts: 5 rows copied',
      'Refusals: 1 row copied',
      'QuotaHits: 1 row copied',
      'All rows compared: both databases hold the same data.',
    ]);
    const moved = await connectDatabase(parseDatabaseUrl(target));
    expect(await contentOf(moved)).toEqual(await contentOf(filled));
    const next = await createIntegrationRepository(moved).insertPending(7, 'next', 10, NOW);
    expect(next.id).toBe(3);
    await Promise.all([filled.close(), moved.close()]);
  });

  it('refuses a target that holds data, and writes nothing', async () => {
    const [source, target] = [await from.createMigratedUrl(), await to.createMigratedUrl()];
    const dbs = [await openFilled(source, 3), await openFilled(target, 1)] as const;
    const before = await contentOf(dbs[1]);
    expect(await refusalOf(source, target)).toMatch(/not empty/);
    expect(await contentOf(dbs[1])).toEqual(before);
    await Promise.all(dbs.map((db) => db.close()));
  });

  it('leaves the target empty when a row does not arrive as it was', async () => {
    const [source, target] = [await from.createMigratedUrl(), await to.createMigratedUrl()];
    const dbs = [await openFilled(source, 3), await openMigrated(target)] as const;
    await spoilInserts(dbs[1]);
    expect(await refusalOf(source, target)).toContain('Integrations: row [1] differs between the databases');
    expect((await contentOf(dbs[1])).flat()).toEqual([]);
    await Promise.all(dbs.map((db) => db.close()));
  });
});

/** What the command says when it fails. */
async function refusalOf(from: string, to: string): Promise<string> {
  const { code, stderr } = await move(from, to);
  expect(code).toBe(1);
  return stderr;
}

const move = (from: string, to: string) => callCommand(['migrate-database', '--from', from, '--to', to]);

/** A trigger that changes what is inserted into Integrations. */
async function spoilInserts({ knex, dialect }: Database): Promise<void> {
  const change = `UPDATE "Integrations" SET "name" = 'spoiled' WHERE "id" = NEW."id"`;
  if (dialect === 'sqlite') {
    await knex.raw(`CREATE TRIGGER spoil AFTER INSERT ON "Integrations" BEGIN ${change}; END`);
    return;
  }
  await knex.raw(
    `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${change}; RETURN NULL; END $$`,
  );
  await knex.raw(`CREATE TRIGGER spoil AFTER INSERT ON "Integrations" FOR EACH ROW EXECUTE FUNCTION spoil()`);
}

describe('migrate-database', () => {
  it('does not take a source file that is not there', async () => {
    const missing = join(databases.dir, 'missing.db');
    expect(await refusalOf(`sqlite:${missing}`, `sqlite:${join(databases.dir, 'new.db')}`)).toMatch(
      /no such file/,
    );
    expect(existsSync(missing)).toBe(false);
  });

  it('moves every table that there is', async () => {
    const [sqlite] = databases.kinds;
    const db = await openMigrated((await sqlite?.createUrl()) ?? '');
    const found: { name: string }[] = await db.knex('sqlite_master').where({ type: 'table' }).select('name');
    const own = found.map(({ name }) => name).filter((name) => !/^(knex|sqlite)_/.test(name));
    expect(own.sort()).toEqual(TABLES.map(({ name }) => name).sort());
    await db.close();
  });
});
