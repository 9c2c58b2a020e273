import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../../../src/config/database-url.ts';
import { connectDatabase } from '../../../../src/db/engine/connect.ts';
import { createMigrationSource } from '../../../../src/db/engine/migration-source.ts';
import { createIntegrationRepository } from '../../../../src/db/integrations/integration-repository.ts';
import { callCommand } from '../../../support/call-command.ts';
import { openMigrated } from '../../../support/sqlite.ts';
import { NOW } from '../databases.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pingui-connect-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('connecting to SQLite', () => {
  it('makes folder and files that only their owner can read', async () => {
    const file = join(dir, 'new', 'folder', 'pingui.db');
    const db = await openMigrated(`sqlite:${file}`);
    expect(statSync(join(dir, 'new')).mode & 0o777).toBe(0o700);
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
    await db.close();
  });

  it('syncs every commit, checks foreign keys, and lets readers and a writer work side by side', async () => {
    const db = await connectDatabase(parseDatabaseUrl(`sqlite:${join(dir, 'a.db')}`));
    const pragma = async (name: string) => Object.values((await db.knex.raw(`PRAGMA ${name}`))[0])[0];
    expect(await pragma('journal_mode')).toBe('wal');
    // 2 = FULL
    expect(await pragma('synchronous')).toBe(2);
    expect(await pragma('foreign_keys')).toBe(1);
    expect(await pragma('busy_timeout')).toBe(5_000);
    await db.close();
  });

  it('waits for another connection that is writing', async () => {
    const url = `sqlite:${join(dir, 'a.db')}`;
    const [one, two] = [await openMigrated(url), await openMigrated(url)];
    const order: string[] = [];
    const slow = one.knex.transaction(async (trx) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await trx('JobRuns').insert({ name: 'a', slot: '1', ranAt: NOW });
      order.push('slow');
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await createIntegrationRepository(two).markQuotaReset('2026-11-24', NOW);
    order.push('waited');
    await slow;
    expect(order).toEqual(['slow', 'waited']);
    await Promise.all([one.close(), two.close()]);
  });

  it('lets a transaction write that has read before another connection wrote', async () => {
    const url = `sqlite:${join(dir, 'a.db')}`;
    const [one, two] = [await openMigrated(url), await openMigrated(url)];
    const transactions = [one, two].map((db) =>
      db.knex.transaction(async (trx) => {
        const rows = await trx('JobRuns');
        await new Promise((resolve) => setTimeout(resolve, 20));
        await trx('JobRuns').insert({ name: 'a', slot: String(rows.length), ranAt: NOW });
      }),
    );
    await Promise.all(transactions);
    expect(await one.knex('JobRuns').orderBy('slot').pluck('slot')).toEqual(['0', '1']);
    await Promise.all([one.close(), two.close()]);
  });

  it('goes on after a failed statement and a transaction that was rolled back', async () => {
    const db = await openMigrated(`sqlite:${join(dir, 'a.db')}`);
    await expect(db.knex.raw('SELECT nonsense')).rejects.toThrow(/nonsense/);
    const failing = db.knex.transaction(async (trx) => {
      await trx('JobRuns').insert({ name: 'a', slot: '1', ranAt: NOW });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await db.knex('JobRuns')).toEqual([]);
    await db.close();
  });
});

describe('migrating by hand', () => {
  it('says what it did, and nothing the second time', async () => {
    const env = { DATABASE_URL: `sqlite:${join(dir, 'a.db')}` };
    const names = await createMigrationSource().getMigrations([]);
    expect((await callCommand(['migrate'], { env })).stdout.split('\n')).toEqual(
      names.map((name) => `migrated: ${name}`),
    );
    expect(await callCommand(['migrate'], { env })).toEqual({
      ...{ code: 0, stdout: 'The database is up to date.', stderr: '' },
    });
  });

  it('works through the knex command line and its knexfile', async () => {
    const root = new URL('../../../..', import.meta.url).pathname;
    const knex = (command: string) =>
      promisify(execFile)(
        process.execPath,
        [
          '--import',
          'tsx',
          join(root, 'node_modules/knex/bin/cli.js'),
          command,
          '--knexfile',
          join(root, 'knexfile.ts'),
        ],
        { env: { PATH: process.env.PATH, DATA_DIR: dir }, cwd: root },
      );
    expect((await knex('migrate:latest')).stdout).toMatch(/Batch 1 run: \d+ migrations/);
    expect((await knex('migrate:status')).stdout).toContain('No Pending Migration files Found');
    const db = await connectDatabase(parseDatabaseUrl(`sqlite:${join(dir, 'pingui.db')}`), { create: false });
    expect(await db.knex('Integrations')).toEqual([]);
    await db.close();
  });
});
