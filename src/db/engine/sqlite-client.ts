import ClientSqlite3 from 'knex/lib/dialects/sqlite3/index.js';
import { openSqlite, type SqliteConnection } from './sqlite-connection.ts';
import type { Row, Statement } from './statement.ts';

/** The part of knex's query object that a dialect reads and fills. */
interface KnexQuery {
  sql: string;
  bindings?: readonly unknown[];
  method?: string;
  returning?: unknown;
  response?: unknown;
  context?: { lastID: number; changes: number };
}

/** These answer with a count; `all` would lose it. */
const COUNTED = new Set(['insert', 'update', 'del', 'counter']);

/** knex's SQLite dialect on our connection: kept statements, waits for locks, transactions that can write. */
export class SqliteClient extends ClientSqlite3 {
  override async acquireRawConnection(): Promise<SqliteConnection> {
    // The type of connectionSettings is `object`; knex-config.ts puts the filename there.
    const { filename } = this.connectionSettings as { filename: string };
    const connection = await openSqlite(filename, 'readwrite');
    await connection.all('PRAGMA journal_mode = WAL');
    // A mark made before a send must survive a power cut: in WAL mode NORMAL would not sync each commit.
    await connection.all('PRAGMA synchronous = FULL');
    await connection.all('PRAGMA foreign_keys = ON');
    return connection;
  }

  override async destroyRawConnection(connection: SqliteConnection): Promise<void> {
    await connection.close();
  }

  override async _query(connection: SqliteConnection, query: KnexQuery): Promise<KnexQuery> {
    // A plain BEGIN takes the write lock at the first write and fails there at once if another process wrote since
    // the transaction's first read (SQLITE_BUSY_SNAPSHOT). IMMEDIATE waits for the lock instead.
    const sql = query.sql === 'BEGIN;' ? 'BEGIN IMMEDIATE' : query.sql;
    if (COUNTED.has(query.method ?? '') && !query.returning) {
      query.context = await connection.run(sql, query.bindings);
    } else {
      query.response = await connection.all(sql, query.bindings);
    }
    return query;
  }

  /** The hot path, past knex's builder. */
  async execute(
    connection: SqliteConnection,
    statement: Statement,
    params: readonly unknown[],
  ): Promise<Row[]> {
    if (statement.sqliteSetup !== undefined) await connection.setUp(statement.sqliteSetup);
    return connection.all(statement.sqlite, params);
  }
}
