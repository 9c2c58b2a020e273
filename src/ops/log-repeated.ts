import type { Clock } from '../services/ports/clock.ts';
import type { Logger } from './logger.ts';

/** Milliseconds in which the same trouble is logged once. */
const REPEAT_MS = 60_000;
/** Messages remembered; beyond it all are forgotten, and may be logged again. */
const MAX_KNOWN = 50;

/** Logs errors as warnings; one that comes with every try to reconnect, of every connection, once a minute. */
export function createRepeatedErrorLog(
  message: string,
  deps: { readonly log: Logger; readonly clock: Clock },
): (error: Error) => void {
  const loggedAt = new Map<string, number>();
  return (error) => {
    const now = deps.clock.now();
    const last = loggedAt.get(error.message);
    if (last !== undefined && now - last < REPEAT_MS && now >= last) return;
    if (loggedAt.size >= MAX_KNOWN) loggedAt.clear();
    loggedAt.set(error.message, now);
    deps.log.warn({ error }, message);
  };
}
