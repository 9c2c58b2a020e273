/** knex ships no types for its dialect classes, which connect.ts extends: only what is used of them is declared. */
declare module 'knex/lib/dialects/sqlite3/index.js' {
  import { Knex } from 'knex';
  export default class ClientSqlite3 extends Knex.Client {
    _query(connection: unknown, query: object): Promise<object>;
  }
}

declare module 'knex/lib/dialects/postgres/index.js' {
  import { Knex } from 'knex';
  export default class ClientPostgres extends Knex.Client {
    _query(connection: unknown, query: object): Promise<object>;
  }
}
