import type { DatabaseMaintenance } from '../services/ports.ts';
import { writeBackup } from './backup-files.ts';
import { connectDatabase, type Database } from './connect.ts';
import { copyTables, readSnapshot } from './copy-tables.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite-connection.ts';

/** Health and backups. A backup is an SQLite file for both databases: migrate-database brings it back into either. */
export function createDatabaseMaintenance(db: Database): DatabaseMaintenance {
  return {
    async ping() {
      await db.knex.raw('SELECT 1');
    },
    backup: (directory, keep, now) => {
      const { file } = db;
      const produce =
        file === null ? (draft: string) => dump(db, draft) : (draft: string) => vacuum(file, draft);
      return writeBackup(directory, { keep, now }, produce);
    },
  };
}

/** On a connection of its own: in WAL mode writers go on while the copy is made. */
async function vacuum(file: string, draft: string): Promise<void> {
  const source = await openSqlite(file, 'readwrite');
  try {
    // Fills the empty draft, and keeps its mode.
    await source.all('VACUUM INTO ?', [draft]);
  } finally {
    await source.close();
  }
}

async function dump(db: Database, draft: string): Promise<void> {
  const target = await connectDatabase({ url: `sqlite:${draft}` });
  try {
    await migrate(target);
    await readSnapshot(db, (from) => target.knex.transaction((to) => copyTables(from, to)));
    // One file that can be moved about, without the -wal beside it.
    await target.knex.raw('PRAGMA journal_mode = DELETE');
  } finally {
    await target.close();
  }
}
