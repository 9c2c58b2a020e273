import { adoptKey } from '../../app/check-key.ts';
import { secretOf } from '../../app/secret.ts';
import { openExisting } from '../../db/engine/open-existing.ts';
import type { Run } from '../command.ts';

/** Tells the database that its JWT_SECRET is lost and another one is used now. */
export const runAdoptKey: Run = async (_call, { setUp }) => {
  const { config } = setUp();
  const db = await openExisting(config.database);
  try {
    await adoptKey(db, await secretOf(config));
    return {
      lines: ['The database belongs to this JWT_SECRET now. Integrations of the one before need new tokens.'],
      json: { adopted: true },
    };
  } finally {
    await db.close();
  }
};
