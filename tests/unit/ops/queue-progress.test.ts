import { describe, expect, it } from 'vitest';
import { createEventBus } from '../../../src/domain/events.ts';
import { createQueueCheck, isStalled, type QueueSituation } from '../../../src/ops/queue-progress.ts';

const LIMIT = 60_000;
const EMPTY = {
  pending: 0,
  scheduled: 0,
  completed: 0,
  waiting: 0,
  delayed: 0,
  prioritized: 0,
  active: 0,
  failed: 0,
};
const ONE = { ...EMPTY, pending: 1, waiting: 1 };
const STALLED = { ok: false, reason: 'no_progress' };

describe('isStalled', () => {
  const base: QueueSituation = { now: 1_000_000, dueSince: 900_000, lastProgressAt: null, pausedUntil: null };
  it.each<[string, Partial<QueueSituation>, boolean]>([
    ['nothing is due', { dueSince: null }, false],
    ['something is due for long and nothing ever moved', {}, true],
    ['it is due for exactly the limit', { dueSince: 940_000 }, false],
    ['something moved lately', { lastProgressAt: 950_000 }, false],
    ['the last move is long ago', { lastProgressAt: 939_999 }, true],
    ['a flood wait is in force', { pausedUntil: 1_500_000 }, false],
    ['a flood wait has just ended', { pausedUntil: 999_000 }, false],
    ['a flood wait ended long ago', { pausedUntil: 910_000 }, true],
  ])('when %s', (_when, change, expected) => {
    expect(isStalled({ ...base, ...change }, LIMIT)).toBe(expected);
  });
});

function setUp() {
  const state = { now: 1_000_000, counts: EMPTY, pausedUntil: null as number | null };
  const events = createEventBus();
  const check = createQueueCheck({
    counts: async () => state.counts,
    events,
    clock: { now: () => state.now },
    limitMs: LIMIT,
    pausedUntil: async () => state.pausedUntil,
  });
  return { state, events, check };
}

describe('the queue check', () => {
  it('is ok while nothing is due, however long', async () => {
    const { state, check } = setUp();
    state.counts = { ...EMPTY, pending: 5, delayed: 5, failed: 2 };
    await check();
    state.now += 10 * LIMIT;
    expect(await check()).toEqual({ ok: true });
  });

  it('reports a queue that does not move, and its recovery', async () => {
    const { state, events, check } = setUp();
    state.counts = ONE;
    expect(await check()).toEqual({ ok: true });
    state.now += LIMIT + 1;
    expect(await check()).toEqual(STALLED);
    events.emit('alert.sending', { alertId: 'a', chat: 'c', part: 1 });
    expect(await check()).toEqual({ ok: true });
  });

  it('counts from when something became due, not from the last send', async () => {
    const { state, events, check } = setUp();
    events.emit('alert.delivered', { alertId: 'a', chat: 'c', parts: 1, tookMs: 1 });
    state.now += 10 * LIMIT;
    state.counts = { ...EMPTY, pending: 1, prioritized: 1 };
    expect(await check()).toEqual({ ok: true });
  });

  it('sees the work of another process in the counts', async () => {
    const { state, check } = setUp();
    state.counts = { ...EMPTY, pending: 5, waiting: 5 };
    await check();
    state.now += LIMIT;
    state.counts = { ...EMPTY, pending: 4, waiting: 4 };
    await check();
    state.now += LIMIT;
    expect(await check()).toEqual({ ok: true });
  });

  it('does not take new alerts for progress', async () => {
    const { state, check } = setUp();
    state.counts = ONE;
    await check();
    state.now += LIMIT;
    state.counts = { ...EMPTY, pending: 9, waiting: 9 };
    await check();
    state.now += 1;
    expect(await check()).toEqual(STALLED);
  });

  it('is patient during a flood wait and right after it', async () => {
    const { state, check } = setUp();
    state.counts = ONE;
    state.pausedUntil = state.now + 10 * LIMIT;
    await check();
    state.now += 10 * LIMIT + 1;
    state.pausedUntil = null;
    expect(await check()).toEqual({ ok: true });
    state.now += LIMIT;
    expect(await check()).toEqual(STALLED);
  });

  it('fails when the queue cannot be asked', async () => {
    const check = createQueueCheck({
      counts: () => Promise.reject(new Error('down')),
      events: createEventBus(),
      clock: { now: () => 0 },
      limitMs: LIMIT,
    });
    await expect(check()).rejects.toThrow('down');
  });
});
