import { adoptQueue } from '../../app/claim-queue.ts';
import { openExisting } from '../../db/engine/open-existing.ts';
import type { Run } from '../command.ts';

/** Binds the queue in Redis to this database, whose predecessor is lost. */
export const adopt: Run = async (_call, deps) => {
  const { config, log } = deps.setUp();
  const db = await openExisting(config.database);
  try {
    const prefix = await adoptQueue(
      { config, log, ...deps.process, stopping: new AbortController().signal },
      db,
    );
    return {
      lines: [
        `The queue below ${prefix} belongs to this database now. Alerts that it does not know are dropped.`,
      ],
      json: { adopted: prefix },
    };
  } finally {
    await db.close();
  }
};
