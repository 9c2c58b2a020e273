import type { Knex } from 'knex';
import type { Database } from './connect.ts';
import { createMigrationSource, MIGRATION_NAMES } from './migration-source.ts';

/** An arbitrary number that no other program on the same PostgreSQL database is likely to lock. */
const ADVISORY_LOCK = 7_464_484_001;

/**
 * Brings the schema up to date (or to the state of `names`, the first so many migrations); safe for any number of processes at once. Everything happens in one transaction that
 * first takes a lock that dies with its process: knex's own lock stays taken after a crash, and its two rows (made by
 * two first starts at once) would never open again.
 * @returns the names of the migrations that were run now
 */
export async function migrate(
  db: Pick<Database, 'knex' | 'dialect'>,
  names: readonly string[] = MIGRATION_NAMES,
): Promise<string[]> {
  return db.knex.transaction(async (trx: Knex.Transaction) => {
    // On SQLite the transaction itself is the lock (BEGIN IMMEDIATE).
    if (db.dialect === 'postgres') await trx.raw('SELECT pg_advisory_xact_lock(?)', [ADVISORY_LOCK]);
    const migrationSource = createMigrationSource(names);
    const [, ran]: [number, string[]] = await trx.migrate.latest({ migrationSource });
    return ran;
  });
}
