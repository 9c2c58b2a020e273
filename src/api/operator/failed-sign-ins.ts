import { ipKeyGenerator } from 'express-rate-limit';
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../services/ports.ts';

/** Failures of one address before it has to wait. */
const MAX_FAILURES = 10;
/** Milliseconds that an address's failures count, from the first. */
const WINDOW_MS = 10 * 60_000;
/** Bounds the memory that an attacker with many addresses can take. */
const MAX_ADDRESSES = 10_000;

export interface FailedSignIns {
  /** @throws AppError rate_limited when the address has guessed too often */
  check(address: string | undefined): void;
  add(address: string | undefined): void;
}

/** Slows guessing, per client address (IPv6: /56). In memory: each process counts for itself. */
export function createFailedSignIns(clock: Clock): FailedSignIns {
  const failures = new Map<string, { count: number; endsAt: number }>();
  const keyOf = (address: string | undefined): string => ipKeyGenerator(address ?? '', 56);
  return {
    check(address) {
      const known = failures.get(keyOf(address));
      const leftMs = (known?.endsAt ?? 0) - clock.now();
      if (known === undefined || known.count < MAX_FAILURES || leftMs <= 0) return;
      throw new AppError('rate_limited', 'Too many failed sign-ins from this address. Wait some minutes.', {
        retryAfterSeconds: Math.ceil(leftMs / 1000),
      });
    },
    add(address) {
      const key = keyOf(address);
      const now = clock.now();
      const known = failures.get(key);
      if (known !== undefined && known.endsAt > now) {
        known.count += 1;
        return;
      }
      failures.delete(key);
      // A Map keeps its order of insertion: the first is the oldest.
      const [oldest] = failures.keys();
      if (failures.size >= MAX_ADDRESSES && oldest !== undefined) failures.delete(oldest);
      failures.set(key, { count: 1, endsAt: now + WINDOW_MS });
    },
  };
}
