import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { TimeoutError, within } from '../../../src/async/within.ts';

function blockThread(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('gives what came in time, and raises where nothing did', async () => {
  expect(await within(1_000, async () => 'value')).toBe('value');
  await expect(within(20, () => new Promise(() => undefined))).rejects.toThrow(TimeoutError);
});

it('counts an answer that came while this thread was busy, and the steps that it leads to', async () => {
  const answer = within(50, async () => {
    const first = await readFile(import.meta.filename, 'utf8');
    return first === (await readFile(import.meta.filename, 'utf8'));
  });
  blockThread(200);
  expect(await answer).toBe(true);
});

it('waits no longer for one that never comes', async () => {
  const began = performance.now();
  const answer = within(50, () => new Promise(() => undefined));
  blockThread(200);
  await expect(answer).rejects.toThrow(TimeoutError);
  expect(performance.now() - began).toBeLessThan(2_000);
});
