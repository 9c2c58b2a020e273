import type { EventBus } from '../../domain/events.ts';
import { BACKUP_RETRY_MS, isOwed, lastDue, NO_BACKUP } from '../../domain/jobs.ts';
import { quotaSlot } from '../../domain/quota.ts';
import type { Clock } from '../ports/clock.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { JobRuns } from '../ports/jobs.ts';
import type { DatabaseMaintenance } from '../ports/maintenance.ts';

export interface MaintenanceService {
  /** Midnight: resets every quota to its daily limit, once per date, however often it is called. */
  resetQuotas(): Promise<void>;
  /** On request: resets now, even if today's reset is done. Returns the number of integrations. */
  resetQuotasNow(): Promise<number>;
  /** On startup: makes up for a midnight missed while nothing ran; a fresh database owes none. */
  catchUp(): Promise<void>;
  /** Writes and verifies a backup. Returns its path; undefined where backups are the database's own. */
  backup(): Promise<string | undefined>;
  /** True if last night's backup is not there a quarter of an hour after it was due: it failed, or its job was lost. */
  owesBackup(): Promise<boolean>;
}

export function createMaintenanceService(deps: {
  integrations: IntegrationRepository;
  database: Pick<DatabaseMaintenance, 'backup'>;
  jobRuns: JobRuns;
  events: EventBus;
  clock: Clock;
  timeZone: string;
  /** Alerts per integration and day. */
  dailyLimit: number;
  backupDir: string;
  backupKeep: number;
}): MaintenanceService {
  const { integrations, events, clock } = deps;

  async function resetQuotas(): Promise<void> {
    const slot = quotaSlot(clock.now(), deps.timeZone);
    const changed = await integrations.resetQuotas(slot, clock.now(), deps.dailyLimit);
    if (changed !== undefined) events.emit('quota.reset', { integrations: changed, slot });
  }

  return {
    resetQuotas,

    async resetQuotasNow() {
      const now = clock.now();
      // Its own slot, besides the date's: a manual reset does not replace midnight's.
      const slot = `manual ${new Date(now).toISOString()}`;
      const changed = (await integrations.resetQuotas(slot, now, deps.dailyLimit)) ?? 0;
      events.emit('quota.reset', { integrations: changed, slot });
      return changed;
    },

    async catchUp() {
      if ((await integrations.lastQuotaReset()) === undefined) {
        await integrations.markQuotaReset(quotaSlot(clock.now(), deps.timeZone), clock.now());
      } else {
        await resetQuotas();
      }
    },

    async backup() {
      const started = clock.now();
      const written = await deps.database.backup(deps.backupDir, deps.backupKeep, started);
      await deps.jobRuns.succeeded('backup', clock.now(), written?.bytes ?? NO_BACKUP);
      if (written === undefined) {
        events.emit('backup.left', {});
        return undefined;
      }
      const { file, bytes } = written;
      events.emit('backup.written', { file: baseName(file), bytes, tookMs: clock.now() - started });
      return file;
    },

    async owesBackup() {
      const now = clock.now();
      if (now - lastDue('backup', now, deps.timeZone) < BACKUP_RETRY_MS) return false;
      return isOwed('backup', await deps.jobRuns.history(), now, deps.timeZone);
    },
  };
}

function baseName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}
