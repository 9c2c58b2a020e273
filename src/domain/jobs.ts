import { DateTime } from 'luxon';

/** The scheduled jobs. */
export const JOB_NAMES = ['reset-quotas', 'backup', 'upkeep'] as const;
export type JobName = (typeof JOB_NAMES)[number];

/** The hours of the day (local time) at which the daily jobs are due: the contract. */
const DAILY_AT: Readonly<Record<Exclude<JobName, 'upkeep'>, number>> = {
  'reset-quotas': 0,
  backup: 3,
};

/** What an installation remembers of its jobs, over all processes. Times are epoch milliseconds. */
export interface JobHistory {
  /** When a scheduler first ran here; undefined: none ever did. */
  readonly installedAt: number | undefined;
  /** When each job last succeeded; those that never did are left out. */
  readonly lastSuccess: Readonly<Partial<Record<JobName, number>>>;
}

/** The same, with what only people ask for. */
export interface JobRecord extends JobHistory {
  readonly lastFailure: Readonly<Partial<Record<JobName, number>>>;
  /** Size of the newest backup, or NO_BACKUP; undefined where that is not known. */
  readonly backupBytes: number | undefined;
}

/** Instead of a size: the job did what it should, and wrote none, as backups are the database's own. */
export const NO_BACKUP = 0;

/** After so long, in ms, a night's backup that is not there is tried again, and as often. */
export const BACKUP_RETRY_MS = 15 * 60_000;

const DAY_MS = 86_400_000;

/**
 * How late a job may be before it is a trouble, in ms. Upkeep runs every 10 s, and others are promised an answer within
 * 70 s; a reset takes seconds; a backup may take long, and one that failed is tried again every 15 minutes.
 */
const PATIENCE_MS: Readonly<Record<JobName, number>> = {
  'reset-quotas': 5 * 60_000,
  backup: 60 * 60_000,
  upkeep: 60_000,
};

/** When (epoch ms) a daily job was last due at `now`, in the IANA time zone. */
export function lastDue(job: keyof typeof DAILY_AT, now: number, timeZone: string): number {
  const today = DateTime.fromMillis(now, { zone: timeZone }).startOf('day');
  // A time that the clocks skip is the next one that exists.
  const at = (day: DateTime) => day.set({ hour: DAILY_AT[job] }).toMillis();
  return at(today) <= now ? at(today) : at(today.minus({ days: 1 }));
}

/** True if the daily job was due at a time that no success has answered. What came before the installation is not owed. */
export function isOwed(
  job: keyof typeof DAILY_AT,
  history: JobHistory,
  now: number,
  timeZone: string,
): boolean {
  const last = history.lastSuccess[job];
  // What a clock that was a day or more ahead has written down proves nothing.
  const done = last === undefined || last > now + DAY_MS ? history.installedAt : last;
  return done !== undefined && done < lastDue(job, now, timeZone);
}

/**
 * The jobs that are overdue.
 * @param watch.since when we began to look (epoch ms): a service that was down is given time to catch up
 */
export function overdueJobs(
  history: JobHistory,
  watch: { readonly now: number; readonly since: number; readonly timeZone: string },
): JobName[] {
  const { now, since, timeZone } = watch;
  // Where no scheduler ever ran, the jobs are owed since we look.
  const known = { ...history, installedAt: history.installedAt ?? since };
  return JOB_NAMES.filter((job) => {
    const due =
      job === 'upkeep'
        ? knownBy(now, history.lastSuccess.upkeep)
        : isOwed(job, known, now, timeZone)
          ? lastDue(job, now, timeZone)
          : now;
    return now - Math.max(due, since) > PATIENCE_MS[job];
  });
}

/** The time, or 0 where there is none, or one that only a clock that was set back since can have told. */
function knownBy(now: number, at = 0): number {
  return at > now ? 0 : at;
}
