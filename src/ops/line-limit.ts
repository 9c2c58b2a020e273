import type { Clock } from '../services/ports/clock.ts';

/** Lines of one kind in a window, and the window's length in ms. */
const MOST_LINES = 10;
const WINDOW_MS = 60_000;

/**
 * Keeps what anybody outside can cause from filling the log: at most 10 lines a minute of each kind. Answers how many
 * were left out since the last one, or undefined where this one is left out, too. `kind`: one of few.
 */
export function createLineLimit(clock: Clock): (kind: string) => number | undefined {
  const kinds = new Map<string, { since: number; lines: number; leftOut: number }>();
  return (kind) => {
    const now = clock.now();
    const known = kinds.get(kind) ?? { since: now, lines: 0, leftOut: 0 };
    kinds.set(kind, known);
    // Also where the clock was set back.
    if (Math.abs(now - known.since) >= WINDOW_MS) Object.assign(known, { since: now, lines: 0 });
    if (known.lines >= MOST_LINES) {
      known.leftOut += 1;
      return undefined;
    }
    known.lines += 1;
    const { leftOut } = known;
    known.leftOut = 0;
    return leftOut;
  };
}
