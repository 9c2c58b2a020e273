import type { Knex } from 'knex';
import type { DatabaseTarget } from '../../config/database-url.ts';
import { createMigrationSource } from './migration-source.ts';

/** Connections per process: one accept, one look-up and the worker's writes run at a time, the rest is reserve. */
const POSTGRES_POOL = 10;
/** SQLite has one writer; with one connection a process never waits for itself. */
const SQLITE_POOL = 1;
const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than the longest wait for SQLite's lock, so that the lock's own error is seen. */
const ACQUIRE_TIMEOUT_MS = 20_000;

/**
 * knex's configuration for a database, also for the knex command line (knexfile.ts). `warn` gets knex's remarks (lost
 * connections, failed migrations), which knex would print beside the log; each failure is thrown as well. Only the driver that is
 * needed is loaded: pg is 3 MB of code.
 */
export async function knexConfig(
  target: DatabaseTarget,
  warn: (message: string) => void,
): Promise<Knex.Config> {
  const common = {
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    // Otherwise knex writes the values (chat ids, token hashes) into error texts.
    compileSqlOnError: false,
    log: {
      warn,
      error: warn,
      deprecate: (method: string) => warn(`knex: ${method} is deprecated`),
      debug: () => {},
    },
    migrations: { migrationSource: createMigrationSource() },
  };
  if (target.dialect === 'sqlite') {
    const { SqliteClient } = await import('./sqlite-client.ts');
    return {
      ...common,
      client: SqliteClient,
      connection: { filename: target.file },
      useNullAsDefault: true,
      pool: { min: 0, max: SQLITE_POOL, idleTimeoutMillis: Number.MAX_SAFE_INTEGER },
    };
  }
  const { POSTGRES_TYPES, PostgresClient } = await import('./postgres-client.ts');
  return {
    ...common,
    client: PostgresClient,
    connection: {
      connectionString: target.url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'pingui-alert',
      keepAlive: true,
      types: POSTGRES_TYPES,
    },
    pool: { min: 0, max: POSTGRES_POOL },
  };
}
