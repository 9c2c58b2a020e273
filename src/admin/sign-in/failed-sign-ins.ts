import { ipKeyGenerator } from 'express-rate-limit';
import { AppError } from '../../domain/errors.ts';
import { createAttempts } from '../../services/integrations/attempts.ts';
import type { Clock } from '../../services/ports/clock.ts';

/** Failures of one address before it has to wait, and the milliseconds that they count, from the first. */
const MAX_FAILURES = 10;
const WINDOW_MS = 10 * 60_000;

export interface FailedSignIns {
  /** @throws AppError rate_limited when the address has guessed too often */
  check(address: string | undefined): void;
  add(address: string | undefined): void;
}

/** Slows guessing, per client address (IPv6: /56). */
export function createFailedSignIns(clock: Clock): FailedSignIns {
  const failures = createAttempts<string>({ limit: MAX_FAILURES, windowMs: WINDOW_MS, clock });
  const keyOf = (address: string | undefined): string => ipKeyGenerator(address ?? '', 56);
  return {
    check(address) {
      const waitMs = failures.waitMs(keyOf(address));
      if (waitMs <= 0) return;
      throw new AppError(
        'rate_limited',
        'Too many failed sign-ins from this address. Try again in a few minutes.',
        {
          retryAfterSeconds: Math.ceil(waitMs / 1000),
        },
      );
    },
    add: (address) => failures.add(keyOf(address)),
  };
}
