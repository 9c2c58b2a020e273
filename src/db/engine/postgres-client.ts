import ClientPostgres from 'knex/lib/dialects/postgres/index.js';
import pg from 'pg';
import type { Row, Statement } from './statement.ts';

/** Type id of PostgreSQL's int8 (pg_type.oid). */
const INT8 = 20;

/** Times and chat ids stay far below 2^53. Set per connection: other users of pg in the process keep theirs. */
export const POSTGRES_TYPES = {
  // pg asks for text alone; binary is an option of its queries that nothing here sets.
  getTypeParser: (oid: number) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, 'text')),
};

/** knex's PostgreSQL dialect with errors that can be logged, and a short way for the hot path. */
export class PostgresClient extends ClientPostgres {
  override async _query(connection: pg.Client, query: object): Promise<object> {
    return super._query(connection, query).catch(withoutData);
  }

  /** The hot path, past knex's builder: a named statement is planned once per connection. */
  async execute(connection: pg.Client, statement: Statement, params: readonly unknown[]): Promise<Row[]> {
    const named = statement.name === undefined ? {} : { name: statement.name };
    const query = { ...named, text: statement.postgres, values: [...params] };
    const { rows } = await connection.query<Row>(query).catch(withoutData);
    return rows;
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
