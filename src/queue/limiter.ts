import type { RateLimiterOptions } from 'bullmq';

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
