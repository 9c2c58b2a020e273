import { describe, expect, it } from 'vitest';
import { createEventBus } from '../../../../src/domain/events.ts';
import { createQueueCheck } from '../../../../src/ops/checks/queue-check.ts';
import type { QueueMotion } from '../../../../src/services/ports/queue.ts';

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
const STILL: QueueMotion = {
  isPaused: false,
  pausedUntil: null,
  isWholeBotFlooded: false,
  lastSentAt: null,
  oldestAt: null,
};
const LIMITS = { maxPending: 500, maxScheduled: 1_000 };
const STALLED = { ok: false, reason: 'no_progress' };

function setUp() {
  const state = { now: 1_000_000, counts: EMPTY, motion: STILL };
  const events = createEventBus();
  const check = createQueueCheck({
    counts: async () => state.counts,
    events,
    clock: { now: () => state.now },
    limitMs: LIMIT,
    motion: async () => state.motion,
    limits: LIMITS,
    isForeign: () => false,
  });
  return { state, events, check };
}

describe('the queue check', () => {
  it('reports a queue that does not move also after the clock was set back', async () => {
    const { state, events, check } = setUp();
    state.motion = { ...STILL, pausedUntil: state.now + 1 };
    state.counts = ONE;
    await check();
    events.emit('alert.sending', { alertId: 'a', integrationId: 7, chat: 'c', part: 1 });
    state.motion = STILL;
    state.now -= 10 * LIMIT;
    expect(await check()).toEqual({ ok: true });
    state.now += LIMIT + 1;
    expect(await check()).toEqual(STALLED);
  });

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
    events.emit('alert.sending', { alertId: 'a', integrationId: 7, chat: 'c', part: 1 });
    expect(await check()).toEqual({ ok: true });
  });

  it('counts from when something became due, not from the last send', async () => {
    const { state, events, check } = setUp();
    events.emit('alert.delivered', { alertId: 'a', integrationId: 7, chat: 'c', parts: 1, tookMs: 1 });
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
    state.motion = { ...STILL, pausedUntil: state.now + 10 * LIMIT };
    await check();
    state.now += 10 * LIMIT + 1;
    state.motion = STILL;
    expect(await check()).toEqual({ ok: true });
    state.now += LIMIT;
    expect(await check()).toEqual(STALLED);
  });

  it('sees the sends of another process in the queue itself, though the counts stay the same', async () => {
    const { state, check } = setUp();
    state.counts = ONE;
    await check();
    state.now += LIMIT;
    state.motion = { ...STILL, lastSentAt: state.now - 1 };
    await check();
    state.now += LIMIT - 1;
    expect(await check()).toEqual({ ok: true });
    state.now += 1;
    expect(await check()).toEqual(STALLED);
  });

  it('tells a queue that is full, a schedule that is full, and one that is paused', async () => {
    const { state, check } = setUp();
    state.counts = { ...EMPTY, pending: 499, scheduled: 999 };
    expect(await check()).toEqual({ ok: true });
    state.counts = { ...EMPTY, scheduled: 1_000 };
    expect(await check()).toEqual({ ok: false, reason: 'schedule_full' });
    state.counts = { ...EMPTY, pending: 500 };
    expect(await check()).toEqual({ ok: false, reason: 'queue_full' });
    state.motion = { ...STILL, isPaused: true };
    expect(await check()).toEqual({ ok: false, reason: 'paused' });
    state.motion = STILL;
    state.counts = EMPTY;
    expect(await check()).toEqual({ ok: true });
  });

  it('says so while Telegram makes the whole bot wait, however short, but not on a suspicion', async () => {
    const { state, check } = setUp();
    state.motion = { ...STILL, pausedUntil: state.now + 1 };
    expect(await check()).toEqual({ ok: true });
    state.motion = { ...state.motion, isWholeBotFlooded: true };
    expect(await check()).toEqual({ ok: false, reason: 'flood_wait' });
    state.motion = STILL;
    expect(await check()).toEqual({ ok: true });
  });

  it('fails when the queue cannot be asked', async () => {
    const check = createQueueCheck({
      counts: () => Promise.reject(new Error('down')),
      events: createEventBus(),
      clock: { now: () => 0 },
      limitMs: LIMIT,
      motion: async () => STILL,
      limits: LIMITS,
      isForeign: () => false,
    });
    await expect(check()).rejects.toThrow('down');
  });
});
