import { held } from '../../async/held.ts';
import { within } from '../../async/within.ts';
import { JOB_NAMES, type JobName, type JobRecord, NO_BACKUP } from '../../domain/jobs.ts';
import type { Clock } from '../../services/ports/clock.ts';
import type { ProcessFacts } from '../../services/ports/processes.ts';
import type { QueueCounts, QueueMotion } from '../../services/ports/queue.ts';
import type { Glance } from '../../services/statistics/glance.ts';
import type { StatisticsService } from '../../services/statistics/statistics.ts';
import type { HealthSource } from '../monitoring/health-routes.ts';

/** So long one part of the overview is waited for, in ms: what does not answer is shown as unknown. */
const PATIENCE_MS = 1_500;

export interface OverviewSources {
  readonly version: string;
  /** Nothing reaches Telegram. */
  readonly isSandbox: boolean;
  readonly timeZone: string;
  readonly health: Pick<HealthSource, 'ready'>;
  readonly countQueue: () => Promise<QueueCounts>;
  readonly motion: () => Promise<QueueMotion>;
  /** MAX_QUEUE_SIZE, MAX_SCHEDULED */
  readonly limits: { readonly maxPending: number; readonly maxScheduled: number };
  readonly statistics: Pick<StatisticsService, 'lastDay' | 'lastMonth'>;
  readonly glance: Glance;
  readonly processes: () => Promise<readonly ProcessFacts[]>;
  readonly jobHistory: () => Promise<JobRecord>;
  /** By the job's name, epoch ms. */
  readonly nextRuns: () => Promise<Readonly<Record<string, number>>>;
  readonly clock: Clock;
}

/** One scheduled job. Times are epoch ms, null where they are not known. */
interface JobFacts {
  readonly job: JobName;
  readonly lastAt: number | null;
  readonly result: 'ok' | 'failed' | null;
  readonly nextAt: number | null;
}

/** All that the page shows, as JSON. A part that could not be read is null. No text, no key, no chat id. */
export type Overview = Awaited<ReturnType<ReturnType<typeof createOverview>>>;

export function createOverview(sources: OverviewSources) {
  const { clock, limits } = sources;
  const part = <T>(work: () => Promise<T>) => {
    const shared = held(work, clock);
    return (): Promise<T | null> => within(PATIENCE_MS, shared).catch(() => null);
  };
  const parts = {
    queue: part(async () => {
      const [counts, motion] = await Promise.all([sources.countQueue(), sources.motion()]);
      const { oldestAt, ...moves } = motion;
      const oldestSeconds = oldestAt === null ? null : Math.max(0, clock.now() - oldestAt) / 1_000;
      const { pending, scheduled, active } = counts;
      return { pending, scheduled, active, ...limits, ...moves, oldestSeconds };
    }),
    sends: part(sources.glance.sends),
    day: part(sources.statistics.lastDay),
    month: part(sources.statistics.lastMonth),
    quotaHits: part(sources.glance.quotaHits),
    incidents: part(sources.glance.incidents),
    processes: part(sources.processes),
    history: part(sources.jobHistory),
    nextRuns: part(sources.nextRuns),
  };

  return async () => {
    const { version, isSandbox, timeZone } = sources;
    const [health, queue, sends, day, month, quotaHits, incidents, processes, history, nextRuns] =
      await Promise.all([
        sources.health.ready().catch(() => null),
        parts.queue(),
        parts.sends(),
        parts.day(),
        parts.month(),
        parts.quotaHits(),
        parts.incidents(),
        parts.processes(),
        parts.history(),
        parts.nextRuns(),
      ]);
    return {
      ...{ at: clock.now(), version, isSandbox, timeZone },
      ...{ health, queue, sends, day, month, quotaHits, incidents, processes },
      jobs: history && JOB_NAMES.map((job) => describeJob(job, history, nextRuns)),
      backup: history && describeBackup(history),
    };
  };
}

function describeJob(
  job: JobName,
  { lastSuccess, lastFailure }: JobRecord,
  nextRuns: Readonly<Record<string, number>> | null,
): JobFacts {
  const [success = null, failure = null] = [lastSuccess[job], lastFailure[job]];
  const hasFailed = failure !== null && failure > (success ?? 0);
  return {
    job,
    lastAt: hasFailed ? failure : success,
    result: hasFailed ? 'failed' : success === null ? null : 'ok',
    nextAt: nextRuns?.[job] ?? null,
  };
}

function describeBackup({ lastSuccess, backupBytes }: JobRecord) {
  if (backupBytes === NO_BACKUP) return { at: null, bytes: null, isDatabases: true };
  return { at: lastSuccess.backup ?? null, bytes: backupBytes ?? null };
}
