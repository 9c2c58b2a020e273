import { retryConflicts } from './conflicts.ts';
import type { Database } from './connect.ts';
import type { Row, Statement } from './statement.ts';

/** Runs prebuilt statements on one connection. */
type Run = (statement: Statement, ...params: readonly unknown[]) => Promise<Row[]>;

export interface Session {
  /** True for SQLite: each statement is a transaction during which nobody else writes. */
  readonly isSingleWriter: boolean;
  /** One statement on a connection of its own. */
  run: Run;
  /** A transaction that holds SQLite's write lock from its start. Repeated when PostgreSQL reports a conflict. */
  transaction<T>(work: (run: Run) => Promise<T>): Promise<T>;
}

/** What the hot path uses of our two knex clients (knex types `client` as any). */
interface HotClient {
  acquireConnection(): Promise<Connection>;
  releaseConnection(connection: Connection): Promise<void>;
  execute(connection: Connection, statement: Statement, params: readonly unknown[]): Promise<Row[]>;
}

/** knex's pool throws a connection with this mark away. */
interface Connection {
  __knex__disposed?: unknown;
}

const BEGIN: Statement = { sqlite: 'BEGIN IMMEDIATE', postgres: 'BEGIN' };
const COMMIT: Statement = { sqlite: 'COMMIT', postgres: 'COMMIT' };
const ROLLBACK: Statement = { sqlite: 'ROLLBACK', postgres: 'ROLLBACK' };

/** Statements without knex's query builder, which costs more than SQLite itself on the hot path. */
export function createSession(db: Pick<Database, 'knex' | 'dialect'>): Session {
  const client: HotClient = db.knex.client;

  async function onConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await client.acquireConnection();
    try {
      return await work(connection);
    } finally {
      await client.releaseConnection(connection);
    }
  }

  async function attempt<T>(connection: Connection, work: (run: Run) => Promise<T>): Promise<T> {
    await client.execute(connection, BEGIN, []);
    try {
      const result = await work((statement, ...params) => client.execute(connection, statement, params));
      await client.execute(connection, COMMIT, []);
      return result;
    } catch (error) {
      await client.execute(connection, ROLLBACK, []).catch((cause: unknown) => {
        connection.__knex__disposed = cause;
      });
      throw error;
    }
  }

  return {
    isSingleWriter: db.dialect === 'sqlite',
    run: (statement, ...params) =>
      onConnection((connection) => client.execute(connection, statement, params)),
    transaction: (work) => retryConflicts(() => onConnection((connection) => attempt(connection, work))),
  };
}
