import { type JobHistory, type JobName, overdueJobs } from '../../domain/jobs.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { type Check, OK } from '../health.ts';

/** The worst first: without upkeep nothing is made good, without the reset every sender reads 429. */
const REASONS: readonly (readonly [JobName, string])[] = [
  ['upkeep', 'upkeep_overdue'],
  ['reset-quotas', 'reset_overdue'],
  ['backup', 'backup_overdue'],
];

/** Degraded while a scheduled job is overdue: it fails, its schedule is lost, or no process has the role scheduler. */
export function createJobsCheck(deps: {
  history: () => Promise<JobHistory>;
  clock: Clock;
  timeZone: string;
}): Check {
  let since = deps.clock.now();
  return async () => {
    const history = await deps.history();
    const now = deps.clock.now();
    // Where the clock was set back, we look since then.
    since = Math.min(since, now);
    const overdue = overdueJobs(history, { now, since, timeZone: deps.timeZone });
    const [, reason] = REASONS.find(([job]) => overdue.includes(job)) ?? [];
    return reason === undefined ? OK : { ok: false, reason };
  };
}
