import { adoptKey } from '../app/check-key.ts';
import { secretOf } from '../app/secret.ts';
import type { Config } from '../config/config.ts';
import { openExisting } from '../db/engine/open-existing.ts';
import type { CommandIo } from './command.ts';

/** Tells the database that its JWT_SECRET is lost and another one is used now. Returns the exit code. */
export async function runAdoptKey(config: Config, io: CommandIo): Promise<number> {
  const db = await openExisting(config.database);
  try {
    await adoptKey(db, await secretOf(config));
    io.log('The database belongs to this JWT_SECRET now. Integrations of the one before need new tokens.');
    return 0;
  } finally {
    await db.close();
  }
}
