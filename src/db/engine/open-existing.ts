import { existsSync } from 'node:fs';
import type { DatabaseTarget } from '../../config/database-url.ts';
import { connectDatabase, type Database } from './connect.ts';
import { migrate } from './migrate.ts';

const CHECK = 'Check DATABASE_URL, DATA_DIR and the working directory.';

/**
 * For commands that work on what is there: opens the database and brings it up to date, but never makes one.
 * @throws Error of one line when there is none, or when it is empty; the driver's error when it cannot be reached
 */
export async function openExisting(target: DatabaseTarget): Promise<Database> {
  if (target.dialect === 'sqlite' && !existsSync(target.file))
    throw new Error(`There is no database at ${target.file} (no such file). ${CHECK}`);
  const db = await connectDatabase(target, { create: false });
  try {
    if (!(await db.knex.schema.hasTable('Integrations')))
      throw new Error(`The database is empty: no Pingui Alert has used it yet. ${CHECK}`);
    await migrate(db);
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}
