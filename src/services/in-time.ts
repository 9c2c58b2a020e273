import { createDeadline } from '../async/deadline.ts';
import { AppError } from '../domain/errors.ts';

/**
 * How long a caller over HTTP waits for the database, in ms: as long as an accept may take (the contract). A client with
 * the patience of common HTTP clients (5 s) then knows whether to try again.
 */
export const ANSWER_LIMIT_MS = 1_500;

/**
 * What `work` makes of the database, if it does within 1.5 s.
 * @param meaning a sentence: what holds after a refusal, and what to do
 * @param undo takes back what was done after the caller has read the refusal
 * @throws AppError database_unavailable, and those of `work`
 */
export async function inTime<T>(
  work: () => Promise<T>,
  meaning: string,
  undo: (late: T) => Promise<unknown> = async () => {},
): Promise<T> {
  try {
    return await createDeadline(ANSWER_LIMIT_MS).run(work, (late) => void undo(late).catch(() => undefined));
  } catch (error) {
    throw error instanceof AppError ? error : databaseUnavailable(error, meaning);
  }
}

/** The database did not answer in time, or not at all. */
export function databaseUnavailable(cause: unknown, meaning: string): AppError {
  return new AppError('database_unavailable', `The database did not answer in time. ${meaning}`, {
    retryAfterSeconds: 5,
    cause,
  });
}
