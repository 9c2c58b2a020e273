import { adoptQueue } from '../app/claim-queue.ts';
import type { AppDeps } from '../app/context.ts';
import { openExisting } from '../db/engine/open-existing.ts';
import type { CommandIo } from './command.ts';

/** Binds the queue in Redis to this database, whose predecessor is lost. Returns the exit code. */
export async function runAdoptQueue(
  deps: Pick<AppDeps, 'config' | 'log' | 'host' | 'env'>,
  io: CommandIo,
): Promise<number> {
  const db = await openExisting(deps.config.database);
  try {
    const prefix = await adoptQueue({ ...deps, stopping: new AbortController().signal }, db);
    io.log(
      `The queue below ${prefix} belongs to this database now. Alerts that it does not know are dropped.`,
    );
    return 0;
  } finally {
    await db.close();
  }
}
