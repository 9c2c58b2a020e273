import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createGroup, type Settled } from '../../../src/async/batch.ts';

function recorder(maxItems = 100) {
  const batches: number[][] = [];
  let release = (): void => {};
  const group = createGroup<number, number>(
    async (items) => {
      batches.push([...items]);
      if (items.includes(13)) throw new Error('all refused');
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return items.map(
        (item): Settled<number> =>
          item < 0 ? { ok: false, error: new Error(`refused ${item}`) } : { ok: true, value: item * 2 },
      );
    },
    { maxItems },
  );
  return { batches, group, release: () => release() };
}

it('puts the calls of one turn into one batch and gives each its own answer', async () => {
  const { batches, group, release } = recorder();
  const calls = Promise.allSettled([group(1), group(-2), group(3)]);
  await sleep(5);
  release();
  expect(await calls).toEqual([
    { status: 'fulfilled', value: 2 },
    { status: 'rejected', reason: new Error('refused -2') },
    { status: 'fulfilled', value: 6 },
  ]);
  expect(batches).toEqual([[1, -2, 3]]);
});

it('keeps calls that arrive during a batch for the next one', async () => {
  const { batches, group, release } = recorder();
  const first = group(1);
  await sleep(5);
  const later = [group(2), group(3)];
  await sleep(5);
  expect(batches).toEqual([[1]]);
  release();
  expect(await first).toBe(2);
  await sleep(5);
  release();
  expect(await Promise.all(later)).toEqual([4, 6]);
  expect(batches).toEqual([[1], [2, 3]]);
});

it('splits what is more than a batch takes, in order', async () => {
  const { batches, group, release } = recorder(2);
  const calls = Promise.all([group(1), group(2), group(3)]);
  await sleep(5);
  release();
  await sleep(5);
  release();
  await calls;
  expect(batches).toEqual([[1, 2], [3]]);
});

it('rejects every call of a batch that failed, and goes on', async () => {
  const { group, release } = recorder();
  const results = await Promise.allSettled([group(13), group(1)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = group(4);
  await sleep(5);
  release();
  expect(await next).toBe(8);
});

it('has the next batch on its way before the callers of this one go on', async () => {
  const { batches, group, release } = recorder();
  const begun = group(1).then(() => batches.length);
  await sleep(5);
  const next = group(2);
  release();
  expect(await begun).toBe(2);
  release();
  expect(await next).toBe(4);
});

it('starts overlapping batches at once, each with what one callback has led to', async () => {
  const batches: number[][] = [];
  const never = new Promise<never>(() => {});
  const group = createGroup<number, number>(
    (items) => {
      batches.push([...items]);
      return items.includes(1) ? never : Promise.resolve(items.map((value) => ({ ok: true, value })));
    },
    { maxItems: 100, overlap: true },
  );
  void group(1);
  await Promise.resolve().then(() => void group(2));
  await new Promise((resolve) => process.nextTick(resolve));
  expect(batches).toEqual([[1, 2]]);
  expect(await Promise.all([group(3), group(4)])).toEqual([3, 4]);
  expect(batches).toEqual([
    [1, 2],
    [3, 4],
  ]);
});
