import type { Job, Queue, RateLimiterOptions } from 'bullmq';

/** From this delay on the limiter lets one job through at a time, in ms (the contract). */
const ONE_AT_A_TIME_MS = 1_000;

/**
 * BullMQ's limiter for one send per `sendDelayMs`, over all workers: `{ max: 1, duration }` from a second up. Below it,
 * as many as fit into one second; pace.ts keeps those evenly apart. Undefined for 0: no limit.
 */
export function limiterFor(sendDelayMs: number): RateLimiterOptions | undefined {
  if (sendDelayMs === 0) return undefined;
  return sendDelayMs >= ONE_AT_A_TIME_MS
    ? { max: 1, duration: sendDelayMs }
    : { max: Math.ceil(ONE_AT_A_TIME_MS / sendDelayMs), duration: ONE_AT_A_TIME_MS };
}

/**
 * The limiter's token is given back only within this share of the limiter's duration: later it may be another fetch's,
 * and two sends would come too close (seen: 198 ms apart).
 */
const SURELY_OURS = 0.5;

/** The limiter counts fetches: one that called nobody must cost nobody a second. @param queue on a connection that fails fast */
export function createGiveTokenBack(
  limiter: RateLimiterOptions | undefined,
  queue: Pick<Queue, 'removeRateLimitKey'>,
  onError: (error: Error) => void,
): (job: Pick<Job, 'processedOn'>) => Promise<void> {
  return async ({ processedOn = 0 }) => {
    if (limiter === undefined) return;
    const sinceFetch = Date.now() - processedOn;
    if (sinceFetch < 0 || sinceFetch > limiter.duration * SURELY_OURS) return;
    await queue.removeRateLimitKey().catch(onError);
  };
}
