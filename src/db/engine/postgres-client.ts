import ClientPostgres from 'knex/lib/dialects/postgres/index.js';
import pg from 'pg';
import { TimeoutError, within } from '../../async/within.ts';
import type { Row, Statement } from './statement.ts';

/** Type id of PostgreSQL's int8 (pg_type.oid). */
const INT8 = 20;

/**
 * An accept has given up by then (1.5 s), and what still waits for an answer waits for a connection that is dead: TCP
 * itself tells after a quarter of an hour.
 */
const HOT_LIMIT_MS = 3_000;
/** The rest is not so hurried: a batch of the midnight reset takes about 0.1 s. */
const LIMIT_MS = 30_000;
/** Changes of the schema take what they take. */
const LIMITED = /^\s*(select|insert|update|delete|with|begin|commit|rollback)\b/i;

/** Times and chat ids stay far below 2^53. Set per connection: other users of pg in the process keep theirs. */
export const POSTGRES_TYPES = {
  // pg asks for text alone; binary is an option of its queries that nothing here sets.
  getTypeParser: (oid: number) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, 'text')),
};

/** knex's PostgreSQL dialect with errors that can be logged, and a short way for the hot path. */
export class PostgresClient extends ClientPostgres {
  override async _query(connection: Connection, query: { readonly sql?: string }): Promise<object> {
    const run = () => super._query(connection, query);
    const answer = LIMITED.test(query.sql ?? '') ? inTime(connection, LIMIT_MS, run) : run();
    return answer.catch(withoutData);
  }

  /** The hot path, past knex's builder: a named statement is planned once per connection. */
  async execute(connection: Connection, statement: Statement, params: readonly unknown[]): Promise<Row[]> {
    const named = statement.name === undefined ? {} : { name: statement.name };
    const query = { ...named, text: statement.postgres, values: [...params] };
    const run = () => connection.query<Row>(query);
    const { rows } = await inTime(connection, HOT_LIMIT_MS, run).catch(withoutData);
    return rows;
  }
}

/** What pg does not declare, and the mark by which knex's pool knows what to throw away. */
type Connection = pg.Client & {
  readonly connection?: { stream: { destroy(): void } };
  __knex__disposed?: unknown;
};

/** @throws TimeoutError; the connection is dead then, and nobody gets it again */
async function inTime<T>(connection: Connection, ms: number, run: () => Promise<T>): Promise<T> {
  try {
    return await within(ms, run);
  } catch (error) {
    if (error instanceof TimeoutError) {
      connection.__knex__disposed = error;
      connection.connection?.stream.destroy();
    }
    throw error;
  }
}

/** PostgreSQL repeats the row in `detail` and `where`; chat ids and token hashes must not reach a log. */
function withoutData(error: unknown): never {
  if (error instanceof Error) {
    Reflect.deleteProperty(error, 'detail');
    Reflect.deleteProperty(error, 'where');
  }
  throw error;
}
