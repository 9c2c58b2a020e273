import type { Knex } from 'knex';
import pg from 'pg';
import type { DatabaseTarget } from './database-url.ts';
import { createMigrationSource } from './migration-source.ts';
import { PostgresClient } from './postgres-client.ts';
import { SqliteClient } from './sqlite-client.ts';

/** Connections per process: one accept, one look-up and the worker's writes run at a time, the rest is reserve. */
const POSTGRES_POOL = 10;
/** SQLite has one writer; with one connection a process never waits for itself. */
const SQLITE_POOL = 1;
const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than the longest wait for SQLite's lock, so that the lock's own error is seen. */
const ACQUIRE_TIMEOUT_MS = 20_000;
/** Type id of PostgreSQL's int8 (pg_type.oid). */
const INT8 = 20;

/**
 * knex's configuration for a database, also for the knex command line (knexfile.ts). `warn` gets knex's remarks (lost
 * connections, failed migrations), which knex would print beside the log; each failure is thrown as well.
 */
export function knexConfig(target: DatabaseTarget, warn: (message: string) => void): Knex.Config {
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
    return {
      ...common,
      client: SqliteClient,
      connection: { filename: target.file },
      useNullAsDefault: true,
      pool: { min: 0, max: SQLITE_POOL, idleTimeoutMillis: Number.MAX_SAFE_INTEGER },
    };
  }
  // Times and chat ids stay far below 2^53. Set per connection: other users of pg in the process keep theirs.
  const types = {
    // pg asks for text alone; binary is an option of its queries that nothing here sets.
    getTypeParser: (oid: number) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, 'text')),
  };
  return {
    ...common,
    client: PostgresClient,
    connection: {
      connectionString: target.url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: 'pingui-alert',
      keepAlive: true,
      types,
    },
    pool: { min: 0, max: POSTGRES_POOL },
  };
}
