import { connectDatabase } from '../../db/engine/connect.ts';
import { migrate } from '../../db/engine/migrate.ts';
import type { Run } from '../command.ts';

/** Brings the database up to date. */
export const runMigrate: Run = async (_call, { setUp }) => {
  const db = await connectDatabase(setUp().config.database);
  try {
    const names = await migrate(db);
    return {
      lines: names.length === 0 ? ['The database is up to date.'] : names.map((name) => `migrated: ${name}`),
      json: { migrated: names },
    };
  } finally {
    await db.close();
  }
};
