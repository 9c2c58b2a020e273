import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import sqlite3 from 'sqlite3';
import type { Row } from './statement.ts';

/** One connection to an SQLite file; its calls run one after the other. */
export interface SqliteConnection {
  all(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  run(sql: string, params?: readonly unknown[]): Promise<{ lastID: number; changes: number }>;
  /** Runs these once in the life of the connection. */
  setUp(statements: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** How long SQLite itself waits for another writer, in ms. */
const BUSY_TIMEOUT_MS = 5_000;
/** How long a call that may be repeated waits in all, in ms: three times SQLite's own wait. */
const BUSY_LIMIT_MS = 15_000;
/** Some locks (a change of the journal mode, a recovery) are refused at once, without SQLite's wait. */
const BUSY_PAUSE_MS = 25;
/** Prepared statements kept per connection: more than the hot path and the sweeps have. */
const STATEMENTS_KEPT = 64;
/** Everything else (schema changes, pragmas) runs once and is not worth a place. */
const KEPT = /^\s*(select|insert|update|delete|with|begin|commit|rollback)\b/i;

/**
 * Opens an existing file. `untouched`: only reads, and leaves nothing beside it, not even SQLite's own files, unless
 * somebody has it open.
 * @param busyLimitMs how long a call that may be repeated waits for a lock
 * @throws the driver's error (`code` SQLITE_CANTOPEN, SQLITE_NOTADB, …)
 */
export async function openSqlite(
  file: string,
  mode: 'readwrite' | 'readonly' | 'untouched',
  busyLimitMs = BUSY_LIMIT_MS,
): Promise<SqliteConnection> {
  // Whoever has a database in WAL mode open has this file; without it nobody changes what is read.
  const isAlone = mode === 'untouched' && !existsSync(`${file}-wal`);
  const name = isAlone ? `${pathToFileURL(file).href}?immutable=1` : file;
  const database = await new Promise<sqlite3.Database>((resolve, reject) => {
    const flags =
      mode === 'readwrite'
        ? sqlite3.OPEN_READWRITE
        : sqlite3.OPEN_READONLY | (isAlone ? sqlite3.OPEN_URI : 0);
    const opened = new sqlite3.Database(name, flags, (error) => (error ? reject(error) : resolve(opened)));
  });
  database.configure('busyTimeout', Math.min(BUSY_TIMEOUT_MS, busyLimitMs));
  return createConnection(database, busyLimitMs);
}

function createConnection(database: sqlite3.Database, busyLimitMs: number): SqliteConnection {
  const kept = new Map<string, Promise<sqlite3.Statement>>();
  const setUps = new Set<readonly string[]>();
  let inTransaction = false;

  function prepare(sql: string): Promise<sqlite3.Statement> {
    return new Promise((resolve, reject) => {
      const statement = database.prepare(sql, (error: Error | null) =>
        error ? reject(error) : resolve(statement),
      );
    });
  }

  /** Least recently used goes first. */
  function take(sql: string): Promise<sqlite3.Statement> {
    const known = kept.get(sql);
    kept.delete(sql);
    const statement = known ?? prepare(sql);
    kept.set(sql, statement);
    for (const [oldest] of kept) {
      if (kept.size <= STATEMENTS_KEPT) break;
      forget(oldest);
    }
    return statement;
  }

  function forget(sql: string): void {
    const statement = kept.get(sql);
    kept.delete(sql);
    // A statement that could not be prepared has nothing to release.
    statement?.then((one) => one.finalize()).catch(() => undefined);
  }

  async function once<T>(sql: string, use: (statement: sqlite3.Statement) => Promise<T>): Promise<T> {
    if (!KEPT.test(sql)) {
      const statement = await prepare(sql);
      return use(statement).finally(() => statement.finalize());
    }
    try {
      return await use(await take(sql));
    } catch (error) {
      // After an error a statement may still hold its place in the transaction.
      forget(sql);
      throw error;
    }
  }

  /** Outside a transaction, and for its BEGIN, a call that found the file locked has done nothing: repeat it. */
  async function patiently<T>(sql: string, use: (statement: sqlite3.Statement) => Promise<T>): Promise<T> {
    const started = performance.now();
    for (;;) {
      try {
        const result = await once(sql, use);
        if (/^\s*begin\b/i.test(sql)) inTransaction = true;
        if (/^\s*(commit|rollback)\s*;?\s*$/i.test(sql)) inTransaction = false;
        return result;
      } catch (error) {
        // SQLite rolls back on its own after some errors; a ROLLBACK that fails has nothing left to undo.
        if (/^\s*rollback\s*;?\s*$/i.test(sql)) inTransaction = false;
        if (!isBusy(error) || inTransaction || performance.now() - started > busyLimitMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS * (0.5 + Math.random())));
      }
    }
  }

  const all = (sql: string, params: readonly unknown[] = []): Promise<Row[]> =>
    patiently(
      sql,
      (statement) =>
        new Promise((resolve, reject) => {
          statement.all<Row>(params, (error, rows) => (error ? reject(error) : resolve(rows)));
        }),
    );

  return {
    all,
    async setUp(statements) {
      if (setUps.has(statements)) return;
      for (const sql of statements) await all(sql);
      setUps.add(statements);
    },
    run: (sql, params = []) =>
      patiently(
        sql,
        (statement) =>
          new Promise((resolve, reject) => {
            statement.run(params, function onRun(error) {
              if (error) reject(error);
              else resolve({ lastID: this.lastID, changes: this.changes });
            });
          }),
      ),
    async close() {
      for (const sql of [...kept.keys()]) forget(sql);
      await new Promise<void>((resolve, reject) => {
        // One turn later, so that the statements above are released: SQLite does not close under a live one.
        setImmediate(() => database.close((error) => (error ? reject(error) : resolve())));
      });
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
}
