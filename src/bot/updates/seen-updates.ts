import { LRUCache } from 'lru-cache';

/** Telegram repeats what was not confirmed; this many ids back are remembered, more than any batch or webhook burst. */
const REMEMBERED = 2_000;

/** Remembers update ids. `add` is false if the id was seen before. */
export function createSeenUpdates(): { add(updateId: number): boolean } {
  // Not a maximum: after a quiet week Telegram goes on with a random, perhaps lower, id.
  const seen = new LRUCache<number, true>({ max: REMEMBERED });
  return {
    add(updateId) {
      if (seen.has(updateId)) return false;
      seen.set(updateId, true);
      return true;
    },
  };
}
