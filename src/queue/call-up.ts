import type { Job, Queue } from 'bullmq';

/**
 * Lets a job that was put off be looked at in `ms`: the next of a chat's line, or one that has ended meanwhile. One that
 * was not put off is looked at anyway, and one that misses this looks by itself.
 */
export async function callUp(queue: Queue, jobId: string, ms: number): Promise<void> {
  const job: Job | undefined = await queue.getJob(jobId).catch(() => undefined);
  await job?.changeDelay(ms).catch(() => undefined);
}
