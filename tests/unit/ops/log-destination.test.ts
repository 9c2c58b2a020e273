import { expect, it } from 'vitest';
import { createStdoutDestination } from '../../../src/ops/log-destination.ts';

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

function failure(code: string) {
  return Object.assign(new Error(code), { code });
}

/** A file descriptor that does what the next entry of `plan` says; it takes everything when the plan is over. */
function setUp(plan: (number | string)[] = []) {
  const writes: string[] = [];
  const destination = createStdoutDestination((bytes) => {
    const next = plan.shift();
    if (typeof next === 'string') throw failure(next);
    const taken = bytes.subarray(0, next ?? bytes.length);
    writes.push(Buffer.from(taken).toString());
    return taken.length;
  });
  return { destination, writes };
}

it('writes the lines of one turn of the event loop at once', async () => {
  const { destination, writes } = setUp();
  destination.write('a\n');
  destination.write('b\n');
  expect(writes).toEqual([]);
  await turn();
  await turn();
  expect(writes).toEqual(['a\nb\n']);
});

it('writes at once when flushed, and nothing twice', async () => {
  const { destination, writes } = setUp();
  destination.write('a\n');
  destination.flushSync?.();
  expect(writes).toEqual(['a\n']);
  await turn();
  await turn();
  expect(writes).toEqual(['a\n']);
});

it('goes on where a write was partial, also within a character', () => {
  const { destination, writes } = setUp([1, 2]);
  destination.write('aé€\n');
  destination.flushSync?.();
  expect(writes).toHaveLength(3);
  expect(writes[0]).toBe('a');
});

it('waits for a slow reader without losing or repeating anything', async () => {
  const { destination, writes } = setUp(['EAGAIN', 2, 'EAGAIN']);
  destination.write('first\n');
  await new Promise((resolve) => setTimeout(resolve, 5));
  destination.write('second\n');
  await expect.poll(() => writes.join('')).toBe('first\nsecond\n');
});

it('never waits for ever: the last flush gives up on a reader that stands still', () => {
  const destination = createStdoutDestination(() => {
    throw failure('EAGAIN');
  });
  destination.write('a\n');
  const began = performance.now();
  destination.flushSync?.();
  expect(performance.now() - began).toBeLessThan(5_000);
});

it('goes quiet when the reader has gone', async () => {
  const { destination, writes } = setUp(['EPIPE']);
  destination.write('a\n');
  destination.flushSync?.();
  destination.write('b\n');
  destination.flushSync?.();
  await turn();
  expect(writes).toEqual([]);
});

it('drops what a full disk refused and goes on later', () => {
  const { destination, writes } = setUp(['ENOSPC']);
  destination.write('a\n');
  destination.flushSync?.();
  destination.write('b\n');
  destination.flushSync?.();
  expect(writes).toEqual(['b\n']);
});

it('does not fill the memory while nobody reads', () => {
  let held = 0;
  let full = true;
  const destination = createStdoutDestination((bytes) => {
    if (full) throw failure('EAGAIN');
    held += bytes.length;
    return bytes.length;
  });
  const line = `${'x'.repeat(999_999)}\n`;
  for (let index = 0; index < 100; index++) destination.write(line);
  full = false;
  destination.flushSync?.();
  expect(held).toBe(8_000_000);
});
