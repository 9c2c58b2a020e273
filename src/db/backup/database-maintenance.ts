import type { DatabaseMaintenance } from '../../services/ports/maintenance.ts';
import { connectDatabase, type Database } from '../engine/connect.ts';
import { copyTables, readSnapshot } from '../engine/copy-tables.ts';
import { migrate } from '../engine/migrate.ts';
import { createSession } from '../engine/session.ts';
import { openSqlite } from '../engine/sqlite-connection.ts';
import { SET_JOB_RUN } from '../jobs/job-runs.ts';
import { writeBackup } from './backup-files.ts';
import { dumpPostgres } from './dump-postgres.ts';
import { type PostgresPrograms, ProgramMissing } from './postgres-programs.ts';

/**
 * Health and backups. @param dumps how a PostgreSQL is backed up: by pg_dump, or not at all where there is none. Without it
 * the backup is a portable copy, an SQLite file, whatever the database is.
 */
export function createDatabaseMaintenance(
  db: Database,
  dumps?: PostgresPrograms & { readonly url: string },
): DatabaseMaintenance {
  const session = createSession(db);
  return {
    async probeWrite(now) {
      await session.run(SET_JOB_RUN, 'health', 'write', now, null);
    },
    backup(directory, keep, now) {
      const { file } = db;
      if (dumps !== undefined)
        return writeBackup(directory, { keep, now, kind: 'dump' }, (draft) =>
          dumpPostgres(dumps.url, draft, dumps),
        ).catch((error: unknown) => {
          if (error instanceof ProgramMissing && error.program === 'pg_dump') return undefined;
          throw error;
        });
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

/** All of it, as an SQLite file: by the connection of `db` itself, which may have locked out all others. */
export function copyTo(db: Database, draft: string): Promise<void> {
  return db.file === null ? dump(db, draft) : db.knex.raw('VACUUM INTO ?', [draft]).then(() => undefined);
}

async function dump(db: Database, draft: string): Promise<void> {
  const target = await connectDatabase({ dialect: 'sqlite', file: draft });
  try {
    await migrate(target);
    await readSnapshot(db, (from) => target.knex.transaction((to) => copyTables(from, to)));
    // One file that can be moved about, without the -wal next to it.
    await target.knex.raw('PRAGMA journal_mode = DELETE');
  } finally {
    await target.close();
  }
}
