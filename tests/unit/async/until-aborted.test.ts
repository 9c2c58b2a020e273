import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { untilAborted } from '../../../src/async/until-aborted.ts';

const never = new Promise<string>(() => {});

describe('work that may wait for ever', () => {
  it('gives its result, or its failure, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve('done'), signal)).toBe('done');
    await expect(untilAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('no longer listens when its caller goes on', async () => {
    const { signal } = new AbortController();
    const listening = await untilAborted(Promise.resolve(), signal).then(() =>
      getEventListeners(signal, 'abort'),
    );
    expect(listening).toEqual([]);
  });

  it('is left alone as soon as the signal aborts, or when it has aborted before', async () => {
    const stopping = new AbortController();
    const left = untilAborted(never, stopping.signal);
    stopping.abort();
    expect(await left).toBeUndefined();
    expect(await untilAborted(never, stopping.signal)).toBeUndefined();
  });

  it('may fail after that without anybody hearing of it', async () => {
    const stopping = new AbortController();
    let fail = (_error: Error): void => {};
    const work = new Promise<string>((_resolve, reject) => {
      fail = reject;
    });
    const left = untilAborted(work, stopping.signal);
    stopping.abort();
    fail(new Error('too late'));
    expect(await left).toBeUndefined();
  });
});
