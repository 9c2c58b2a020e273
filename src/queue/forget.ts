import { setTimeout } from 'node:timers/promises';

/** A place that could not be freed is tried again this often, in ms: about as long as Redis takes to come back. */
const FORGET_PAUSE_MS = 1_000;
const FORGET_TRIES = 60;
/** Commands that Redis held while it was frozen are carried out within so many tries after it responds again. */
const LATE_COMMANDS_TRIES = 3;

/**
 * Frees the places of refused alerts, which may have got one all the same: again and again while Redis is in trouble, and
 * a little longer, because a frozen one still carries out what it was sent.
 */
export function createForget(
  drop: (alertIds: readonly string[]) => Promise<void>,
): (alertId: string) => void {
  /** Refused alerts that may have a place all the same, and how often they were dropped since. */
  const forgotten = new Map<string, number>();
  let isClearing = false;

  async function clearForgotten(): Promise<void> {
    isClearing = true;
    for (let tries = 0; forgotten.size > 0 && tries < FORGET_TRIES; tries += 1) {
      const ids = [...forgotten.keys()];
      const isDropped = await drop(ids).then(
        () => true,
        () => false,
      );
      if (isDropped) for (const id of ids) countDrop(id);
      await setTimeout(FORGET_PAUSE_MS, undefined, { ref: false });
    }
    // Upkeep sees to what is left.
    forgotten.clear();
    isClearing = false;
  }

  function countDrop(alertId: string): void {
    const drops = (forgotten.get(alertId) ?? 0) + 1;
    if (drops < LATE_COMMANDS_TRIES) forgotten.set(alertId, drops);
    else forgotten.delete(alertId);
  }

  return (alertId) => {
    forgotten.set(alertId, 0);
    if (!isClearing) void clearForgotten();
  };
}
