import type { Config } from '../config/config.ts';
import { createDatabaseMaintenance } from '../db/backup/database-maintenance.ts';
import { openExisting } from '../db/engine/open-existing.ts';
import { createIntegrationRepository } from '../db/integrations/integration-repository.ts';
import { createJobRuns } from '../db/jobs/job-runs.ts';
import { createEventBus } from '../domain/events.ts';
import { logEvents } from '../ops/log-events.ts';
import type { Logger } from '../ops/logger.ts';
import { createMaintenanceService } from '../services/jobs/maintenance.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { CommandIo } from './command.ts';
import { USAGE } from './usage.ts';

/** Runs a scheduled job now, next to a running service or without one. Returns the exit code. @throws as openExisting */
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
  const db = await openExisting(config.database);
  try {
    const events = createEventBus();
    logEvents(events, deps.log, clock);
    const service = createMaintenanceService({
      integrations: createIntegrationRepository(db),
      database: createDatabaseMaintenance(db),
      jobRuns: createJobRuns(db),
      events,
      clock,
      timeZone: config.timeZone,
      dailyLimit: config.maxAlerts,
      backupDir: config.backup.directory,
      backupKeep: config.backup.keep,
    });
    if (name === 'backup') io.log(`Wrote ${await service.backup()}`);
    else {
      const count = await service.resetQuotasNow();
      io.log(`Reset the quota of ${count} ${count === 1 ? 'integration' : 'integrations'}`);
    }
    return 0;
  } finally {
    await db.close();
  }
}
