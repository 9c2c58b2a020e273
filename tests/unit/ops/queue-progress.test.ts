import { describe, expect, it } from 'vitest';
import { createEventBus } from '../../../src/domain/events.ts';
import { createQueueCheck } from '../../../src/ops/queue-progress.ts';
import type { FloodScope } from '../../../src/services/ports/queue.ts';

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

function setUp() {
  const state = {
    now: 1_000_000,
    counts: EMPTY,
    pausedUntil: null as number | null,
    scope: 'suspected' as FloodScope,
  };
  const events = createEventBus();
  const check = createQueueCheck({
    counts: async () => state.counts,
    events,
    clock: { now: () => state.now },
    limitMs: LIMIT,
    floodWait: async () =>
      state.pausedUntil === null ? null : { until: state.pausedUntil, scope: state.scope },
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

  it('says so while Telegram makes the whole bot wait, however short', async () => {
    const { state, check } = setUp();
    state.pausedUntil = state.now + 1;
    expect(await check()).toEqual({ ok: true });
    state.scope = 'bot';
    expect(await check()).toEqual({ ok: false, reason: 'flood_wait' });
    state.pausedUntil = null;
    expect(await check()).toEqual({ ok: true });
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
