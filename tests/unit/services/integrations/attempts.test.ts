import { describe, expect, it } from 'vitest';
import { createAttempts } from '../../../../src/services/integrations/attempts.ts';

function setUp() {
  const clock = { time: 1_000_000, now: () => clock.time };
  const attempts = createAttempts<number>({ limit: 2, windowMs: 1_000, clock });
  /** Tries once: 0, or how long to wait. */
  const take = (key: number) => {
    const waitMs = attempts.waitMs(key);
    if (waitMs <= 0) attempts.add(key);
    return waitMs;
  };
  return { clock, attempts, take };
}

describe('the limit of attempts', () => {
  it('lasts no longer when the clock is set back', () => {
    const { clock, take } = setUp();
    expect([take(1), take(1), take(1)]).toEqual([0, 0, 1_000]);
    clock.time -= 500_000;
    expect(take(1)).toBe(1_000);
    clock.time += 1_001;
    expect(take(1)).toBe(0);
  });

  it('counts per key, in a window from the first attempt, and says how long to wait', () => {
    const { clock, take } = setUp();
    expect([take(1), take(2)]).toEqual([0, 0]);
    clock.time += 400;
    expect([take(1), take(1)]).toEqual([0, 600]);
    clock.time += 601;
    expect([take(1), take(1), take(1)]).toEqual([0, 0, 1_000]);
  });

  it('goes on counting for a key that waits, and takes no longer for it', () => {
    const { clock, attempts } = setUp();
    for (let i = 0; i < 5; i++) attempts.add(1);
    clock.time += 900;
    attempts.add(1);
    expect(attempts.waitMs(1)).toBe(100);
  });

  it('forgets the key of longest ago rather than fill the memory', () => {
    const { attempts } = setUp();
    for (let key = 0; key <= 10_000; key++) {
      attempts.add(key);
      attempts.add(key);
    }
    expect([attempts.waitMs(0), attempts.waitMs(1)]).toEqual([0, 1_000]);
  });
});
