import { pause } from '../../async/pause.ts';
import { AppError } from '../../domain/errors.ts';
import { createAttempts } from '../../services/integrations/attempts.ts';
import type { Clock } from '../../services/ports/clock.ts';

/** Failures of one client that are answered at once, and the milliseconds that they count, from the first. */
const MAX_FAILURES = 10;
const WINDOW_MS = 10 * 60_000;
/** After them each further try of the client is looked at so long after the one before it, in ms. */
const SLOW_MS = 1_000;
/** Tries of one client, and of all, that wait for that; more are refused unseen. */
const MAX_WAITING = 10;
const MAX_WAITING_IN_ALL = 200;

export interface SignInTry {
  readonly isRight: boolean;
  /** A wrong one beyond what is answered at once. */
  readonly isLimited: boolean;
}

export interface FailedSignIns {
  /**
   * Looks at the credentials, late for a client (clientOf) that has guessed often: guessing becomes slow, but who has
   * the right password is let in, also from the guesser's address.
   * @throws AppError rate_limited, the credentials unseen, while too many tries of the client wait
   */
  attempt(client: string, matches: () => boolean): Promise<SignInTry>;
}

/** In memory: each process counts for itself. */
export function createFailedSignIns(clock: Clock): FailedSignIns {
  const failures = createAttempts<string>({ limit: MAX_FAILURES, windowMs: WINDOW_MS, clock });
  /** Clients whose tries wait; when the last of them is looked at (performance.now()). */
  const lines = new Map<string, { waiting: number; lastAt: number }>();
  let waitingInAll = 0;

  async function waitForTurn(client: string): Promise<void> {
    const now = performance.now();
    const line = lines.get(client) ?? { waiting: 0, lastAt: now };
    if (line.waiting >= MAX_WAITING || waitingInAll >= MAX_WAITING_IN_ALL) throw tooManySignIns();
    lines.set(client, line);
    line.lastAt = Math.max(now, line.lastAt) + SLOW_MS;
    line.waiting += 1;
    waitingInAll += 1;
    await pause(line.lastAt - now);
    waitingInAll -= 1;
    line.waiting -= 1;
    if (line.waiting === 0) lines.delete(client);
  }

  return {
    async attempt(client, matches) {
      const isSlow = failures.waitMs(client) > 0;
      if (isSlow) await waitForTurn(client);
      if (matches()) return { isRight: true, isLimited: false };
      failures.add(client);
      return { isRight: false, isLimited: isSlow };
    },
  };
}

export function tooManySignIns(): AppError {
  return new AppError(
    'rate_limited',
    'Too many failed sign-ins from this address: it gets one try a second for a few minutes. Try again soon.',
    { retryAfterSeconds: (MAX_WAITING * SLOW_MS) / 1_000 },
  );
}
