import { expect, it } from 'vitest';
import { held } from '../../../src/async/held.ts';

it('runs once for all who ask, holds the answer for as long as it was dear, and tries anew what failed', async () => {
  let now = 1_000;
  let runs = 0;
  let fails = false;
  const ask = held(
    async () => {
      runs += 1;
      now += 500;
      if (fails) throw new Error('down');
      return runs;
    },
    { now: () => now },
    2_000,
  );
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
  // 20 times the 500 ms that it took.
  now = 1_500 + 9_999;
  expect(await ask()).toBe(1);
  now += 1;
  fails = true;
  await expect(ask()).rejects.toThrow('down');
  fails = false;
  expect(await ask()).toBe(3);
  // The clock was set back.
  now = 0;
  expect(await ask()).toBe(4);
});
