import type { Clock } from '../services/ports.ts';

export interface AttemptLimit {
  /** Counts one attempt. 0 if it is allowed, else the milliseconds until one is. */
  take(key: number): number;
}

const MAX_KEYS = 10_000;

/** At most `limit` attempts per key in each window of `windowMs` milliseconds (from the key's first attempt). */
export function createAttemptLimit(deps: { limit: number; windowMs: number; clock: Clock }): AttemptLimit {
  const windows = new Map<number, { readonly endsAt: number; count: number }>();
  return {
    take(key) {
      const now = deps.clock.now();
      const window = windows.get(key);
      if (window === undefined || window.endsAt <= now) {
        if (windows.size >= MAX_KEYS) {
          for (const [known, { endsAt }] of windows) if (endsAt <= now) windows.delete(known);
        }
        windows.set(key, { endsAt: now + deps.windowMs, count: 1 });
        return 0;
      }
      if (window.count >= deps.limit) return window.endsAt - now;
      window.count++;
      return 0;
    },
  };
}
