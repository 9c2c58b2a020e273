import type { Response } from 'express';
import { nextReset } from '../domain/quota.ts';
import { setPolicy } from '../http/rate-limit-headers.ts';
import type { Clock } from '../services/ports/clock.ts';

/** Seconds: a quota is for one day. */
const QUOTA_WINDOW = 86_400;

export interface QuotaHeaders {
  /** Puts an integration's quota, and what is left of it now, into the headers. */
  announce(res: Response, quota: { readonly limit: number; readonly remaining: number }): void;
  /** When (epoch ms) the quotas are next reset. */
  resetsAt(): number;
}

/** Tells senders their quota. The service holds it; see AlertService.accept. */
export function createQuotaHeaders(deps: { clock: Clock; timeZone: string }): QuotaHeaders {
  // Calendar arithmetic costs more than the rest of the request, and its answer is good for a day.
  let cached = 0;
  const resetsAt = (): number => {
    const now = deps.clock.now();
    // A day is 25 h at most; a clock that was set back must not keep a far reset.
    if (cached <= now || cached - now > 90_000_000) cached = nextReset(now, deps.timeZone);
    return cached;
  };
  return {
    resetsAt,
    announce(res, { limit, remaining }) {
      const reset = Math.max(1, Math.ceil((resetsAt() - deps.clock.now()) / 1000));
      setPolicy(res, { name: 'quota', quota: limit, window: QUOTA_WINDOW, remaining, reset });
    },
  };
}
