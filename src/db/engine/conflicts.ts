/** PostgreSQL's codes for "nothing was done, try again": serialization_failure, deadlock_detected. */
const CONFLICTS: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const TRIES = 4;

/** Repeats work that PostgreSQL took back because of another transaction. SQLite waits at BEGIN instead. */
export async function retryConflicts<T>(work: () => PromiseLike<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries >= TRIES || !CONFLICTS.has(codeOf(error))) throw error;
    }
  }
}

/** True if the data was refused (a constraint, a value out of range), not the connection, the disk or a lock. */
export function isDataError(error: unknown): boolean {
  const code = codeOf(error);
  // SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation).
  return typeof code === 'string' && /^(2[23]...|SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|ERROR))$/.test(code);
}

/** Objection wraps the driver's error. */
function codeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  if ('nativeError' in error) return codeOf(error.nativeError);
  return 'code' in error ? error.code : undefined;
}
