import type { JobName, JobRecord } from '../../domain/jobs.ts';

/** What became of the scheduled jobs, for all processes: also for those that run none. */
export interface JobRuns {
  /**
   * Remembers that the job has succeeded at `now` (epoch ms). The reset remembers its own (IntegrationRepository).
   * @param bytes the backup's size
   */
  succeeded(job: Exclude<JobName, 'reset-quotas'>, now: number, bytes?: number): Promise<void>;
  /** Remembers that it has failed. */
  failed(job: JobName, now: number): Promise<void>;
  history(): Promise<JobRecord>;
}
