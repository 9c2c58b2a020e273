import { readdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runMigrateDatabase } from '../../../src/cli/migrate-database.ts';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import { backupName, outdated } from '../../../src/db/backup/backup-files.ts';
import { isDataError, retryConflicts } from '../../../src/db/engine/conflicts.ts';
import { createMigrationSource } from '../../../src/db/engine/migration-source.ts';

it('reads both kinds of database URL', () => {
  expect(parseDatabaseUrl('sqlite:data/x.db')).toEqual({ dialect: 'sqlite', file: resolve('data/x.db') });
  expect(parseDatabaseUrl('sqlite:/x.db')).toEqual({ dialect: 'sqlite', file: '/x.db' });
  for (const url of ['postgres://u:p@host/db', 'postgresql://host/db?sslmode=require']) {
    expect(parseDatabaseUrl(url)).toEqual({ dialect: 'postgres', url });
  }
});

it.each(['', 'sqlite:', 'x.db', 'mysql://u:secret@host/db', 'sqlite::memory:'])(
  'refuses %j without repeating it',
  (url) => {
    expect(() => parseDatabaseUrl(url)).toThrow(/sqlite:<file path>/);
    expect(() => parseDatabaseUrl(url)).not.toThrow(/secret/);
  },
);

it('lists every migration of the folder, oldest first, without extension', async () => {
  const files = readdirSync(new URL('../../../migrations', import.meta.url));
  const source = createMigrationSource();
  const listed = await source.getMigrations([]);
  expect(listed).toEqual(files.map((file) => basename(file, '.ts')).sort());
  for (const name of listed) {
    expect(source.getMigrationName(name)).toBe(name);
    expect(await source.getMigration(name)).toMatchObject({
      up: expect.any(Function),
      down: expect.any(Function),
    });
  }
});

it('names backups by their time in UTC', () => {
  expect(backupName(Date.UTC(2026, 10, 24, 3))).toBe('pingui-backup-2026-11-24T03-00-00-000Z.db');
});

it('calls the oldest backups outdated, nothing else, and never all of them', () => {
  const names = [3, 1, 2].map((day) => backupName(Date.UTC(2026, 0, day)));
  const others = ['pingui.db', 'pingui-backup-2020-01-01.db', `${names[1]}.tmp`, `x${names[1]}`];
  expect(outdated([...names, ...others], 2)).toEqual([names[1]]);
  expect(outdated([...names, ...others], 0)).toEqual([names[1], names[2]]);
  expect(outdated(names, 3)).toEqual([]);
});

it('repeats what PostgreSQL took back for another transaction, and nothing else', async () => {
  const failing = (code: string, times: number) => {
    let calls = 0;
    return {
      calls: () => calls,
      work: async () => {
        calls += 1;
        if (calls <= times)
          throw Object.assign(new Error(code), { nativeError: Object.assign(new Error(), { code }) });
        return 'done';
      },
    };
  };
  expect(await retryConflicts(failing('40P01', 2).work)).toBe('done');
  const forEver = failing('40001', 99);
  await expect(retryConflicts(forEver.work)).rejects.toThrow('40001');
  expect(forEver.calls()).toBe(4);
  const other = failing('23505', 1);
  await expect(retryConflicts(other.work)).rejects.toThrow('23505');
  expect(other.calls()).toBe(1);
});

it('tells refused data from a broken connection', () => {
  const withCode = (code: string) => Object.assign(new Error(), { code });
  for (const code of ['23505', '22001', 'SQLITE_CONSTRAINT']) expect(isDataError(withCode(code))).toBe(true);
  for (const code of ['57P01', '08006', 'ECONNRESET', 'SQLITE_BUSY', 'SQLITE_FULL']) {
    expect(isDataError(withCode(code))).toBe(false);
  }
  expect(isDataError(new Error('x'))).toBe(false);
});

it.each([
  { argv: [] },
  { argv: ['--from', 'sqlite:a.db'] },
  { argv: ['--from', 'sqlite:a.db', '--to', 'sqlite:./a.db'] },
  { argv: ['--from', 'sqlite:a.db', '--to', 'mysql://secret'] },
  { argv: ['--from', 'sqlite:a.db', '--to', 'sqlite:b.db', '--force'] },
  { argv: ['sqlite:a.db', 'sqlite:b.db'] },
])('migrate-database answers 2 and its usage to $argv', async ({ argv }) => {
  const lines: string[] = [];
  const io = { log: () => {}, error: (line: string) => void lines.push(line) };
  expect(await runMigrateDatabase(argv, io)).toBe(2);
  expect(lines.join()).toContain('migrate-database --from URL --to URL');
  expect(lines.join()).not.toContain('secret');
});
