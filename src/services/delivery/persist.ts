import { pause } from '../../async/pause.ts';

/** Pauses between attempts to write a known outcome, in ms. An SQLite lock is gone by then. */
const RETRIES_MS = [50, 250, 1_000];

/**
 * Repeats a write whose facts are known until it succeeds.
 * Returns its result, or undefined if it never did; then `onFailure` was told why.
 */
export async function persist<T>(
  write: () => Promise<T>,
  onFailure: (error: unknown) => void,
): Promise<{ readonly value: T } | undefined> {
  for (const waitMs of RETRIES_MS) {
    try {
      return { value: await write() };
    } catch {
      await pause(waitMs);
    }
  }
  try {
    return { value: await write() };
  } catch (error) {
    onFailure(error);
    return undefined;
  }
}
