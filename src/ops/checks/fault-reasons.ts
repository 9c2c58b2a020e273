/**
 * What a failed write to Redis or the database means, as a code: the beginning of Redis's error replies, SQLite's result
 * codes, PostgreSQL's SQLSTATE. All else is `unavailable`.
 */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^OOM\b/, 'out_of_memory'],
  [/^READONLY\b|^SQLITE_READONLY|^25006$/, 'read_only'],
  // Redis: its snapshots or its AOF cannot be written, so that it takes no more.
  [/^MISCONF\b/, 'cannot_persist'],
  [/^NOREPLICAS\b/, 'no_replicas'],
  [/^SQLITE_FULL|^53100$/, 'disk_full'],
  [/^SQLITE_(BUSY|LOCKED)|^55P03$/, 'locked'],
];

/** Says nothing of hosts and secrets. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unavailable';
  const code = 'code' in error ? String(error.code) : '';
  const known = REASONS.find(([form]) => form.test(code) || form.test(error.message));
  if (known !== undefined) return known[1];
  const inner = 'nativeError' in error ? error.nativeError : error.cause;
  return inner === undefined ? 'unavailable' : reasonOf(inner);
}
