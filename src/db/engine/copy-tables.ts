import { isDeepStrictEqual } from 'node:util';
import type { Knex } from 'knex';
import type { Database } from './connect.ts';
import type { Row } from './statement.ts';
import { TABLES, type Table } from './tables.ts';

/** Rows per statement: 500 of Alerts are 11,000 parameters, below both databases' limits (32,766 and 65,535). */
const PAGE = 500;

/** Runs `work` in a transaction that sees one state of the database, whatever others write meanwhile. */
export function readSnapshot<T>(db: Database, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  return db.dialect === 'postgres'
    ? db.knex.transaction(work, { isolationLevel: 'repeatable read', readOnly: true })
    : db.knex.transaction(work);
}

/** Hears how many rows of a table are done. */
export type OnRows = (table: string, rows: number) => void;

/** Copies all rows of all tables and sets the target's number generators. Returns the rows per table. */
export async function copyTables(from: Knex, to: Knex, onRows?: OnRows): Promise<Map<string, number>> {
  const copied = new Map<string, number>();
  for (const table of TABLES) {
    let rows = 0;
    for await (const page of pages(from, table)) {
      await to(table.name).insert(page);
      rows += page.length;
      onRows?.(table.name, rows);
    }
    await continueNumbers(to, table);
    copied.set(table.name, rows);
  }
  return copied;
}

/**
 * Compares the two databases: the number of rows of each table, then every row, column by column.
 * @throws Error that names the table, and the key of the first row that differs
 */
export async function compareTables(from: Knex, to: Knex, onRows?: OnRows): Promise<void> {
  for (const table of TABLES) {
    const [expected, found] = [await countRows(from, table), await countRows(to, table)];
    if (expected !== found) throw new Error(`${table.name}: ${expected} rows became ${found}`);
    let rows = 0;
    for await (const page of pages(from, table)) {
      rows += page.length;
      onRows?.(table.name, rows);
      const copies = await to(table.name).whereIn(
        [...table.key],
        page.map((row) => keyOf(table, row)),
      );
      const byKey = new Map(copies.map((row: Row) => [JSON.stringify(keyOf(table, row)), row]));
      for (const row of page) {
        const key = JSON.stringify(keyOf(table, row));
        if (!isDeepStrictEqual({ ...byKey.get(key) }, { ...row })) {
          throw new Error(`${table.name}: row ${key} differs between the databases`);
        }
      }
    }
  }
}

export async function countRows(knex: Knex, table: Table): Promise<number> {
  const [row] = await knex(table.name).count({ rows: '*' });
  return Number(row?.rows ?? 0);
}

/** All rows in the order of the primary key, without an offset that would read them again and again. */
async function* pages(knex: Knex, table: Table): AsyncGenerator<Row[]> {
  const names = table.key.map(() => '??').join(', ');
  const values = table.key.map(() => '?').join(', ');
  let last: Row | undefined;
  do {
    const query = knex(table.name)
      .orderBy(table.key.map((column) => ({ column })))
      .limit(PAGE);
    if (last !== undefined) {
      query.whereRaw(`(${names}) > (${values})`, [...table.key, ...keyOf(table, last)]);
    }
    const page: Row[] = await query;
    if (page.length > 0) yield page;
    last = page.length === PAGE ? page.at(-1) : undefined;
  } while (last !== undefined);
}

function keyOf(table: Table, row: Row): (string | number)[] {
  // Keys are numbers and strings in both databases.
  return table.key.map((column) => row[column] as string | number);
}

/** SQLite continues after the highest number on its own; PostgreSQL's sequence does not see inserted ones. */
async function continueNumbers(to: Knex, table: Table): Promise<void> {
  if (table.serial === undefined || to.client.driverName !== 'pg') return;
  await to.raw('SELECT setval(pg_get_serial_sequence(?, ?), max(??)) FROM ?? HAVING max(??) IS NOT NULL', [
    `"${table.name}"`,
    table.serial,
    table.serial,
    table.name,
    table.serial,
  ]);
}
