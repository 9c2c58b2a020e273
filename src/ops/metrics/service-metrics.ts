import { Gauge, type Registry } from 'prom-client';
import { within } from '../../async/within.ts';
import { type JobRecord, NO_BACKUP } from '../../domain/jobs.ts';
import type { ProcessFacts } from '../../services/ports/processes.ts';
import { CHECK_NAMES, type Health } from '../health.ts';

/** Longest wait for what a scrape asks of Redis and the database, in milliseconds. */
const TIMEOUT_MS = 1_000;
const ROLES = ['api', 'worker', 'bot', 'scheduler'];

export interface ServiceSources {
  readonly health: Pick<Health, 'ready'>;
  readonly processes: () => Promise<readonly ProcessFacts[]>;
  readonly incidents: () => Promise<{ readonly open: number; readonly acknowledged: number }>;
  readonly jobHistory: () => Promise<Pick<JobRecord, 'lastSuccess' | 'backupBytes'>>;
  readonly timeoutMs?: number;
}

/**
 * Gauges of the whole service, the same in whichever process is scraped, but for the health checks, which are its own.
 * What does not answer is absent. Returns what measures them anew.
 */
export function addServiceGauges(sources: ServiceSources, registry: Registry): () => Promise<void> {
  const measure = [
    measureHealth(sources, registry),
    measureProcesses(sources, registry),
    measureIncidents(sources, registry),
    measureJobs(sources, registry),
  ];
  return async () => {
    await Promise.all(measure.map((one) => one()));
  };
}

/** The answer in time, or undefined. */
function ask<T>(work: () => Promise<T>, timeoutMs = TIMEOUT_MS): Promise<T | undefined> {
  return within(timeoutMs, work).catch(() => undefined);
}

function measureHealth({ health }: ServiceSources, registry: Registry): () => Promise<void> {
  const gauge = new Gauge({
    name: 'pingui_check_ok',
    help: 'The health checks of this process: 1 while ok, 0 while degraded or down.',
    labelNames: ['check'],
    registers: [registry],
  });
  return async () => {
    // Each check has a time limit of its own.
    const { checks } = await health.ready();
    for (const name of CHECK_NAMES) gauge.labels(name).set(checks[name].status === 'ok' ? 1 : 0);
  };
}

function measureProcesses({ processes, timeoutMs }: ServiceSources, registry: Registry): () => Promise<void> {
  const gauge = new Gauge({
    name: 'pingui_processes',
    help: 'Processes alive by role, on all machines; absent while Redis does not respond.',
    labelNames: ['role'],
    registers: [registry],
  });
  return async () => {
    const alive = await ask(processes, timeoutMs);
    gauge.reset();
    if (alive === undefined) return;
    for (const role of ROLES)
      gauge.labels(role).set(alive.filter(({ roles }) => roles.includes(role)).length);
  };
}

function measureIncidents({ incidents, timeoutMs }: ServiceSources, registry: Registry): () => Promise<void> {
  const gauge = new Gauge({
    name: 'pingui_incidents',
    help: 'Incidents that are open, by state; absent while the database does not respond.',
    labelNames: ['state'],
    registers: [registry],
  });
  return async () => {
    const counts = await ask(incidents, timeoutMs);
    gauge.reset();
    if (counts === undefined) return;
    gauge.labels('open').set(counts.open);
    gauge.labels('acknowledged').set(counts.acknowledged);
  };
}

/** Asked of the database at each scrape, so that a process that runs no jobs knows it, too. */
function measureJobs({ jobHistory, timeoutMs }: ServiceSources, registry: Registry): () => Promise<void> {
  const registers = [registry];
  const success = new Gauge({
    name: 'pingui_job_last_success_timestamp_seconds',
    help: 'When each scheduled job last succeeded, in any process; absent until it has, or while the database does not respond.',
    labelNames: ['job'],
    registers,
  });
  const backup = new Gauge({
    name: 'pingui_backup_last_success_timestamp_seconds',
    help: 'When the newest backup was written; absent until there is one, and where backups are the database’s own.',
    registers,
  });
  const bytes = new Gauge({
    name: 'pingui_backup_size_bytes',
    help: 'Size of the newest backup, whichever process wrote it; absent until there is one.',
    registers,
  });
  return async () => {
    const history = await ask(jobHistory, timeoutMs);
    success.reset();
    for (const gauge of [backup, bytes]) gauge.remove();
    for (const [job, at] of Object.entries(history?.lastSuccess ?? {})) success.labels(job).set(at / 1000);
    if (history?.backupBytes === NO_BACKUP) return;
    if (history?.lastSuccess.backup !== undefined) backup.set(history.lastSuccess.backup / 1000);
    if (history?.backupBytes !== undefined) bytes.set(history.backupBytes);
  };
}
