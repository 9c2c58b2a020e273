import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchClock } from '../../../src/async/watch-clock.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => void vi.useRealTimers());

it('tells once of each time that the clock is set back, and of nothing else', () => {
  const told = vi.fn();
  const end = watchClock(told);
  const step = (ms: number) => {
    vi.setSystemTime(Date.now() + ms);
    vi.advanceTimersByTime(2_000);
    return told.mock.calls.length;
  };
  expect([0, -400, 3_600_000, -3_600_000, 0, -60_000].map(step)).toEqual([0, 0, 0, 1, 1, 2]);
  end();
  expect(step(-3_600_000)).toBe(2);
});
