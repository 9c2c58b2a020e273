import { LRUCache } from 'lru-cache';
import { createSteadyClock } from '../../async/steady-clock.ts';
import type { Clock } from '../ports/clock.ts';

/** Bounds the memory that somebody with many keys can take. Beyond it, the key seen longest ago is dropped. */
const MAX_KEYS = 10_000;

interface Attempts<Key> {
  /** Milliseconds until the key may try again; 0: now. */
  waitMs(key: Key): number;
  add(key: Key): void;
}

/**
 * Counts at most `limit` attempts per key in each window of `windowMs` milliseconds, from the key's first attempt. In
 * memory: each process counts for itself.
 */
export function createAttempts<Key extends string | number>(deps: {
  limit: number;
  windowMs: number;
  clock: Clock;
}): Attempts<Key> {
  const counts = new LRUCache<Key, number>({
    max: MAX_KEYS,
    ttl: deps.windowMs,
    noUpdateTTL: true,
    // Otherwise it would cache the time for a millisecond, with a timer of its own.
    ttlResolution: 0,
    perf: createSteadyClock(deps.clock),
  });
  return {
    waitMs: (key) => ((counts.get(key) ?? 0) < deps.limit ? 0 : counts.getRemainingTTL(key)),
    add: (key) => void counts.set(key, (counts.get(key) ?? 0) + 1),
  };
}
