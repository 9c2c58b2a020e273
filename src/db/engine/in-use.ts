import type { Database } from './connect.ts';
import { openSqlite } from './sqlite-connection.ts';

/**
 * True if another program has the SQLite file open: each connection in WAL mode holds a shared lock on it from its first
 * read to its end, so that an exclusive one cannot be had. @throws the driver's error where the file is damaged
 */
export async function isSqliteInUse(file: string): Promise<boolean> {
  const probe = await openSqlite(file, 'readwrite', 0);
  try {
    await probe.all('PRAGMA locking_mode = EXCLUSIVE');
    await probe.all('BEGIN EXCLUSIVE');
    await probe.all('ROLLBACK');
    return false;
  } catch (error) {
    if (isLocked(error)) return true;
    throw error;
  } finally {
    await probe.close();
  }
}

/** Keeps all others out until the database is closed: who opens it meanwhile waits, and gives up after 15 s. */
export async function lockSqlite({ knex }: Pick<Database, 'knex'>): Promise<void> {
  await knex.raw('PRAGMA locking_mode = EXCLUSIVE');
  // The lock comes with the first transaction that may write, and stays.
  await knex.transaction(async () => undefined);
}

/** True if a service is connected to the PostgreSQL database; a worker that does nothing keeps no connection. */
export async function isPostgresInUse({ knex }: Pick<Database, 'knex'>): Promise<boolean> {
  const others = await knex.raw(
    `SELECT count(*) AS "count" FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'pingui-alert' AND pid <> pg_backend_pid()`,
  );
  return Number(others.rows[0]?.count) > 0;
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^SQLITE_(BUSY|LOCKED)/.test(String(error.code));
}
