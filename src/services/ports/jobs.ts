import type { JobHistory, JobName } from '../../domain/jobs.ts';

/** What became of the scheduled jobs, for all processes: also for those that run none. */
export interface JobRuns {
  /** Remembers that the job has succeeded at `now` (epoch ms). The reset remembers its own (IntegrationRepository). */
  succeeded(job: Exclude<JobName, 'reset-quotas'>, now: number): Promise<void>;
  history(): Promise<JobHistory>;
}
