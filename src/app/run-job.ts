import type { Config } from '../config.ts';
import { connectDatabase } from '../db/connect.ts';
import { createIntegrationRepository } from '../db/integration-repository.ts';
import { createDatabaseMaintenance } from '../db/maintenance.ts';
import { type CommandIo, migrate } from '../db/migrate.ts';
import { createEventBus } from '../domain/events.ts';
import { logEvents } from '../ops/log-events.ts';
import type { Logger } from '../ops/logger.ts';
import { createMaintenanceService } from '../services/maintenance.ts';
import type { Clock } from '../services/ports.ts';

const USAGE = 'Usage: npm run job -- reset-quotas | backup';

/** Runs a scheduled job by hand, beside a running service or without one. Returns the exit code. */
export async function runJob(
  argv: readonly string[],
  deps: { config: Config; log: Logger; clock: Clock; io: CommandIo },
): Promise<number> {
  const { config, clock, io } = deps;
  const [name, ...rest] = argv;
  if ((name !== 'reset-quotas' && name !== 'backup') || rest.length > 0) {
    io.error(USAGE);
    return 2;
  }
  const { database } = config;
  const db = await connectDatabase({
    url: database.kind === 'sqlite' ? `sqlite:${database.file}` : database.url,
  });
  try {
    await migrate(db);
    const events = createEventBus();
    logEvents(events, deps.log);
    const service = createMaintenanceService({
      integrations: createIntegrationRepository(db),
      database: createDatabaseMaintenance(db),
      events,
      clock,
      timeZone: config.timeZone,
      backupDir: config.backup.directory,
      backupKeep: config.backup.keep,
    });
    if (name === 'backup') io.log(`Wrote ${await service.backup()}`);
    else io.log(`Reset the quotas of ${await service.resetQuotasNow()} integrations`);
    return 0;
  } finally {
    await db.close();
  }
}
