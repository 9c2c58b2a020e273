import { pause } from '../../async/pause.ts';

/** Waits between the tries to write an outcome that is known, in ms. A lock of SQLite's is gone by then. */
const RETRIES_MS = [50, 250, 1_000];

/**
 * Repeats a write whose facts are known until it succeeds.
 * Returns what it gave, or undefined where it never did; then `onFailure` has heard why.
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
