import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDatabaseUrl } from '../../src/config/database-url.ts';
import { connectDatabase, type Database } from '../../src/db/engine/connect.ts';
import { migrate } from '../../src/db/engine/migrate.ts';

export async function openMigrated(url: string): Promise<Database> {
  const db = await connectDatabase(parseDatabaseUrl(url));
  await migrate(db);
  return db;
}

export interface TestSqlite {
  readonly db: Database;
  /** Closes it and deletes its folder. */
  stop(): Promise<void>;
}

/** A migrated, empty file, which each further database of this process begins as a copy of. */
let template: string | undefined;

/** A SQLite database of its own, migrated and empty. */
export async function openTestSqlite(): Promise<TestSqlite> {
  template ??= await makeTemplate();
  const dir = mkdtempSync(join(tmpdir(), 'pingui-sqlite-'));
  const file = join(dir, 'pingui.db');
  copyFileSync(template, file);
  const db = await connectDatabase(parseDatabaseUrl(`sqlite:${file}`));
  return {
    db,
    async stop() {
      await db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function makeTemplate(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-sqlite-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'template.db');
  await (await openMigrated(`sqlite:${file}`)).close();
  return file;
}
