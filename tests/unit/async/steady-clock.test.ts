import { expect, it } from 'vitest';
import { createSteadyClock } from '../../../src/async/steady-clock.ts';

it('goes on from where it was when the clock is set back, and with it otherwise', () => {
  let now = 1_000;
  const steady = createSteadyClock({ now: () => now });
  const seen = [steady.now()];
  for (const at of [1_010, 500, 510, 510, 2_000, 100, 101]) {
    now = at;
    seen.push(steady.now());
  }
  expect(seen).toEqual([1_000, 1_010, 1_010, 1_020, 1_020, 2_510, 2_510, 2_511]);
});
