import type { Job, Queue, RateLimiterOptions } from 'bullmq';
import { callUp } from './call-up.ts';

/** Jobs per look: bounds the memory that it takes. */
const PAGE = 500;

/**
 * After the clock was set back: BullMQ wakes what was put off by the time of day, which is now further away than anybody
 * meant. Each job that was looked at in what is now the future gets another look at once; the pace puts it off again if
 * it has to. Scheduled ones, which nobody has looked at, wait for their time.
 */
export async function lookAgain(queue: Queue): Promise<void> {
  const now = Date.now();
  const ids: string[] = [];
  for (let start = 0; ; start += PAGE) {
    const jobs = await queue.getDelayed(start, start + PAGE - 1);
    // BullMQ answers with nothing for a job that has ended between its two looks; its types do not know it.
    for (const job of jobs as (Job | undefined)[])
      if (job?.id !== undefined && (job.processedOn ?? 0) > now) ids.push(job.id);
    if (jobs.length < PAGE) break;
  }
  for (const id of ids) await callUp(queue, id, 0);
}

/** Where Redis's clock was set back, the limiter's key stays for as long as that was, and nobody sends. */
export async function freeLimiter(queue: Queue, limiter: RateLimiterOptions | undefined): Promise<void> {
  if (limiter === undefined) return;
  const ms = await queue.getRateLimitTtl(limiter.max);
  if (ms > limiter.duration) await queue.removeRateLimitKey();
}
