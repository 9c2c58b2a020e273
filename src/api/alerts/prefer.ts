/** Seconds: proxies and clients seldom hold a request longer. */
const MAX_WAIT = 60;

/**
 * Seconds that a `Prefer` header (RFC 7240) asks to wait, at most 60; 0 without a usable `wait`: a preference that we
 * do not understand is ignored, never refused.
 */
export function preferredWait(header: string | string[] | undefined): number {
  if (header === undefined) return 0;
  for (const preference of String(header).split(',')) {
    const seconds = /^\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:;|$)/i.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(Number(seconds), MAX_WAIT);
  }
  return 0;
}
