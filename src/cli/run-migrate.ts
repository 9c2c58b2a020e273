import type { DatabaseTarget } from '../config/database-url.ts';
import { connectDatabase } from '../db/engine/connect.ts';
import { migrate } from '../db/engine/migrate.ts';
import type { CommandIo } from './command.ts';

/** Brings the database up to date. Returns the exit code. */
export async function runMigrate(target: DatabaseTarget, io: CommandIo): Promise<number> {
  const db = await connectDatabase(target);
  try {
    const names = await migrate(db);
    for (const name of names) io.log(`migrated: ${name}`);
    if (names.length === 0) io.log('The database is up to date.');
    return 0;
  } finally {
    await db.close();
  }
}
