import { isDeepStrictEqual } from 'node:util';
import { type Job, type JobsOptions, Queue, Worker } from 'bullmq';
import { pause } from '../async/pause.ts';
import type { EventBus } from '../domain/events.ts';
import { BACKUP_RETRY_MS, JOB_NAMES, type JobName } from '../domain/jobs.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { MaintenanceService } from '../services/jobs/maintenance.ts';
import type { UpkeepService } from '../services/jobs/upkeep.ts';
import { closeWorker, createInFlightWork } from './close-worker.ts';

export const MAINTENANCE_QUEUE = 'maintenance';

/** When a job runs, and what the board keeps of its runs. */
interface Schedule {
  readonly when: { readonly pattern: string; readonly tz: string } | { readonly every: number };
  readonly opts: Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'>;
}

/** The last runs of each job, as the board shows them. */
const KEPT = { removeOnComplete: { count: 50 }, removeOnFail: { count: 50 } };
/** Runs of which only the failures are worth a look: else they would bury last night's backup. */
const FAILURES_ONLY = { removeOnComplete: true, removeOnFail: { count: 50 } };

/** Upkeep must find an interrupted send within 60 s of a restart; every 10 s leaves room for the Telegram timeout. */
const UPKEEP_EVERY_MS = 10_000;
/** How often the schedules are asserted, in ms: what Redis loses shows within a run or two of upkeep. */
const ASSERT_EVERY_MS = 5_000;
/** A next run that is further away than a schedule's longest pause and this, in ms, was planned by another clock. */
const AHEAD_MS = 5_000;
/** A day whose midnight the clocks skip makes two of the daily jobs' pauses one, in ms. */
const LONGEST_DAILY_MS = 49 * 3_600_000;
/** Between tries to set up the schedules when Redis answers with an error, in ms. */
const RETRY_MS = 1_000;

/**
 * A run whose end could not be written (Redis out of memory, a killed process) keeps its job's next one from being made
 * until its lock has expired, in ms: upkeep, which runs every 10 s, should not pause for much longer than that.
 */
const LOCK_MS = 10_000;
const STALLED_EVERY_MS = 5_000;

function schedules(timeZone: string): Record<JobName, Schedule> {
  return {
    'reset-quotas': { when: { pattern: '0 0 * * *', tz: timeZone }, opts: KEPT },
    backup: { when: { pattern: '0 3 * * *', tz: timeZone }, opts: KEPT },
    upkeep: { when: { every: UPKEEP_EVERY_MS }, opts: FAILURES_ONLY },
  };
}

export interface MaintenanceQueue {
  readonly queue: Queue;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The scheduled jobs: BullMQ job schedulers, each slot run once however many processes there are. */
export function createMaintenanceQueue(deps: {
  /** Patient connections; the worker makes a blocking copy of its own. */
  redis: RedisClient;
  prefix: string;
  timeZone: string;
  maintenance: MaintenanceService;
  upkeep: UpkeepService;
  events: EventBus;
  onError(error: Error): void;
}): MaintenanceQueue {
  const connection = deps.redis as never;
  const queue = new Queue(MAINTENANCE_QUEUE, {
    connection,
    prefix: deps.prefix,
    streams: { events: { maxLen: 1_000 } },
  });
  queue.on('error', deps.onError);
  const actions: Record<JobName, () => Promise<unknown>> = {
    'reset-quotas': deps.maintenance.resetQuotas,
    backup: deps.maintenance.backup,
    upkeep: async () => {
      // Where the clocks skip midnight (Santiago, Cairo, Beirut) a cron of 00:00 skips the day: seen here instead.
      await deps.maintenance.catchUp();
      if (await deps.maintenance.owesBackup()) await backUpAgain();
      await deps.upkeep.upkeep();
    },
  };

  const inFlight = createInFlightWork();
  const worker = new Worker(
    MAINTENANCE_QUEUE,
    async (job: Job) => {
      const action = actions[job.name as JobName];
      // A job of a newer version's name: leave it to that version.
      if (action === undefined) throw new Error('unknown maintenance job');
      try {
        await inFlight.add(action());
      } catch (error) {
        deps.events.emit('job.failed', { job: job.name, error });
        // The board shows this text: the details are in the log.
        throw new Error('The job failed; see the log');
      }
    },
    // A long backup must not hold up the others.
    {
      connection,
      prefix: deps.prefix,
      autorun: false,
      concurrency: JOB_NAMES.length,
      maxStalledCount: 1,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_EVERY_MS,
    },
  );
  worker.on('error', deps.onError);
  let running: Promise<void> | undefined;
  const stopping = new AbortController();

  /** Upserting an unchanged scheduler would delete its overdue job, and with it a missed midnight. */
  async function schedule(name: JobName, { when, opts }: Schedule): Promise<void> {
    const known = await queue.getJobScheduler(name);
    const unchanged =
      known !== undefined &&
      isDeepStrictEqual(known.template?.opts, opts) &&
      ('every' in when
        ? Number(known.every) === when.every
        : known.pattern === when.pattern && known.tz === when.tz);
    const longestMs = 'every' in when ? when.every : LONGEST_DAILY_MS;
    // The clock was set back: until then no run would come, and upserting alone keeps its time.
    const isAhead = unchanged && Number(known.next) > Date.now() + longestMs + AHEAD_MS;
    if (isAhead) await queue.removeJobScheduler(name);
    if (!unchanged || isAhead) await queue.upsertJobScheduler(name, when, { name, opts });
  }

  /** A night's backup that failed or was lost, once per quarter of an hour, unless one waits or runs already. */
  async function backUpAgain(): Promise<void> {
    const now = Date.now();
    const jobs = await queue.getJobs(['active', 'waiting', 'delayed']);
    if (jobs.some(({ name, timestamp, delay }) => name === 'backup' && timestamp + delay <= now)) return;
    await queue.add('backup', {}, { ...KEPT, jobId: `backup-again-${Math.floor(now / BACKUP_RETRY_MS)}` });
  }

  async function scheduleAll(): Promise<void> {
    for (const [name, wanted] of Object.entries(schedules(deps.timeZone))) {
      await schedule(name as JobName, wanted);
    }
  }

  /**
   * Schedules live in Redis alone: after a FLUSHALL, or with a Redis that comes back empty, they are gone. So they are
   * asserted again, which changes nothing where they stand; by no job, because that would be gone with them.
   */
  async function keepSchedules(): Promise<void> {
    while (!stopping.signal.aborted) {
      const waitMs = await scheduleAll().then(
        () => ASSERT_EVERY_MS,
        (error: Error) => {
          deps.onError(error);
          return RETRY_MS;
        },
      );
      if (!worker.isRunning() && waitMs === ASSERT_EVERY_MS && !stopping.signal.aborted) {
        running = worker.run();
        running.catch(deps.onError);
      }
      if (stopping.signal.aborted) return;
      woken = new AbortController();
      await pause(waitMs, woken.signal);
    }
  }
  let woken = new AbortController();
  /** Not only every 5 s: a Redis that has come back may have come back empty. */
  const assertNow = () => woken.abort();
  deps.redis.on('ready', assertNow);

  return {
    queue,
    async start() {
      await deps.maintenance.catchUp();
      // Not waited for: while Redis is down, the service must still come up and say so.
      keepSchedules().catch(deps.onError);
    },
    async stop() {
      stopping.abort();
      woken.abort();
      deps.redis.off('ready', assertNow);
      await closeWorker(worker, { redis: deps.redis, running, inFlight });
      await queue.close();
    },
  };
}
