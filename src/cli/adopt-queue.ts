import { adoptQueue } from '../app/claim-queue.ts';
import type { AppDeps } from '../app/context.ts';
import { connectDatabase } from '../db/engine/connect.ts';
import { migrate } from '../db/engine/migrate.ts';
import type { CommandIo } from './command.ts';

/** Binds the queue in Redis to this database, whose predecessor is lost. Returns the exit code. */
export async function runAdoptQueue(
  deps: Pick<AppDeps, 'config' | 'log' | 'host' | 'env'>,
  io: CommandIo,
): Promise<number> {
  const db = await connectDatabase(deps.config.database);
  try {
    await migrate(db);
    const prefix = await adoptQueue({ ...deps, stopping: new AbortController().signal }, db);
    io.log(
      `The queue below ${prefix} belongs to this database now. Alerts that it does not know are dropped.`,
    );
    return 0;
  } finally {
    await db.close();
  }
}
