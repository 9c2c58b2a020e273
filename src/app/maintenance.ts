import type { Config } from '../config/config.ts';
import { createDatabaseMaintenance } from '../db/backup/database-maintenance.ts';
import type { PostgresPrograms } from '../db/backup/postgres-programs.ts';
import { openExisting } from '../db/engine/open-existing.ts';
import { createIntegrationRepository } from '../db/integrations/integration-repository.ts';
import { createJobRuns } from '../db/jobs/job-runs.ts';
import { createEventBus } from '../domain/events.ts';
import { logEvents } from '../ops/log-events.ts';
import type { Logger } from '../ops/logger.ts';
import { createMaintenanceService, type MaintenanceService } from '../services/jobs/maintenance.ts';
import type { Clock } from '../services/ports/clock.ts';
import { dumpsOf } from './dumps.ts';

/**
 * The daily jobs, for commands next to a running service or without one. @param deps.isPortable a backup is an SQLite file,
 * whatever the database is
 * @throws as openExisting
 */
export async function openMaintenance(deps: {
  config: Config;
  log: Logger;
  clock: Clock;
  env: PostgresPrograms['env'];
  isPortable?: boolean;
}): Promise<MaintenanceService & { close(): Promise<void> }> {
  const { config, clock } = deps;
  const db = await openExisting(config.database);
  const events = createEventBus();
  logEvents(events, deps.log, clock);
  const service = createMaintenanceService({
    integrations: createIntegrationRepository(db),
    database: createDatabaseMaintenance(db, deps.isPortable === true ? undefined : dumpsOf(config, deps)),
    jobRuns: createJobRuns(db),
    events,
    clock,
    timeZone: config.timeZone,
    dailyLimit: config.maxAlerts,
    backupDir: config.backup.directory,
    backupKeep: config.backup.keep,
  });
  return { ...service, close: () => db.close() };
}
