import createKnex, { type Knex } from 'knex';
import type { DatabaseTarget, Dialect } from '../../config/database-url.ts';
import { knexConfig } from './knex-config.ts';
import { createSqliteFile, protectSqliteFile } from './sqlite-file.ts';

/** An open database. */
export interface Database {
  readonly knex: Knex;
  readonly dialect: Dialect;
  /** SQLite's file; null for PostgreSQL. */
  readonly file: string | null;
  close(): Promise<void>;
}

/**
 * Opens a database (SQLite's file and folder are created, mode 0600 and 0700) and makes sure that it answers. Does not
 * migrate: see migrate.ts.
 * @throws the driver's error when the database cannot be reached, Error with `create: false` when the file does not exist
 */
export async function connectDatabase(
  target: DatabaseTarget,
  options: {
    create?: boolean;
    /** knex's remarks, e.g. about lost connections; nothing is printed. */
    warn?: (message: string) => void;
  } = {},
): Promise<Database> {
  if (target.dialect === 'sqlite') {
    if (options.create ?? true) await createSqliteFile(target.file);
    else await protectSqliteFile(target.file);
  }
  const knex = createKnex(await knexConfig(target, options.warn ?? (() => {})));
  try {
    await knex.raw('SELECT 1');
  } catch (error) {
    await knex.destroy();
    throw error;
  }
  return {
    knex,
    dialect: target.dialect,
    file: target.dialect === 'sqlite' ? target.file : null,
    close: () => knex.destroy(),
  };
}
