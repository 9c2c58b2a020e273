/** A timer later than this was held up by this thread, in ms: timers are late by a few. */
const STALL_MS = 25;
/** What is left to answers that arrived during a stall, in ms: enough for the steps that they lead to. */
const GRACE_MS = 100;

/**
 * Calls back after `ms`. Where this thread was busy (modules being loaded, a machine with too much to do), timers come before
 * what has arrived meanwhile: an answer that was there in time would count as late. So that is taken in first.
 * @returns cancels it
 */
export function startLimit(ms: number, onOver: () => void): () => void {
  const endsAt = performance.now() + ms;
  let timer: NodeJS.Timeout = setTimeout(() => {
    if (performance.now() - endsAt < STALL_MS) onOver();
    else timer = setTimeout(onOver, GRACE_MS);
  }, ms);
  return () => clearTimeout(timer);
}
