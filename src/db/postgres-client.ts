import ClientPostgres from 'knex/lib/dialects/postgres/index.js';
import type pg from 'pg';
import type { Row, Statement } from './statement.ts';

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
