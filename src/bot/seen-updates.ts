/** Telegram repeats what was not confirmed; this many ids back are remembered, more than any batch or webhook burst. */
const REMEMBERED = 2_000;

/** Remembers update ids. `add` is false if the id was seen before. */
export function createSeenUpdates(): { add(updateId: number): boolean } {
  // A set, not a maximum: after a quiet week Telegram goes on with a random, perhaps lower, id.
  const seen = new Set<number>();
  return {
    add(updateId) {
      if (seen.has(updateId)) return false;
      seen.add(updateId);
      if (seen.size > REMEMBERED) {
        for (const oldest of seen) {
          seen.delete(oldest);
          break;
        }
      }
      return true;
    },
  };
}
