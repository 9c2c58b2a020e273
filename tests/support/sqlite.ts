import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseDatabaseUrl } from '../../src/config/database-url.ts';
import { connectDatabase, type Database } from '../../src/db/engine/connect.ts';
import { migrate } from '../../src/db/engine/migrate.ts';

/** Opens it at the newest schema. A SQLite file that is not there yet begins as a copy of a migrated one. */
export async function openMigrated(url: string): Promise<Database> {
  const target = parseDatabaseUrl(url);
  if (target.dialect === 'sqlite' && !existsSync(target.file)) {
    await copyTemplate(target.file);
    return connectDatabase(target);
  }
  return migrated(url);
}

async function migrated(url: string): Promise<Database> {
  const db = await connectDatabase(parseDatabaseUrl(url));
  await migrate(db);
  return db;
}

export interface TestSqlite {
  readonly db: Database;
  /** Closes it and deletes its folder. */
  stop(): Promise<void>;
}

/** A SQLite database of its own, migrated and empty. */
export async function openTestSqlite(): Promise<TestSqlite> {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-sqlite-'));
  const db = await openMigrated(`sqlite:${join(dir, 'pingui.db')}`);
  return {
    db,
    async stop() {
      await db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A migrated, empty file, made once in a process: migrations cost far more than a copy. */
let template: Promise<string> | undefined;

async function copyTemplate(file: string): Promise<void> {
  template ??= makeTemplate();
  const source = await template;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  copyFileSync(source, file);
}

async function makeTemplate(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-sqlite-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'template.db');
  await (await migrated(`sqlite:${file}`)).close();
  return file;
}
