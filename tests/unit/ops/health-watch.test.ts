import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createEventBus } from '../../../src/domain/events.ts';
import { type Check, createHealth } from '../../../src/ops/health.ts';
import { watchHealth } from '../../../src/ops/health-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells each trouble and its end once, though nobody asks', async () => {
  let queue: Awaited<ReturnType<Check>> = { ok: true };
  const ok: Check = async () => ({ ok: true });
  const health = createHealth({
    checks: { redis: ok, telegram: ok, database: ok, jobs: ok, queue: async () => queue },
    clock: { now: Date.now },
  });
  const events = createEventBus();
  const seen: object[] = [];
  events.on('health.changed', (event) => seen.push(event));
  const stop = watchHealth({ health, events });
  await vi.advanceTimersByTimeAsync(11_000);
  expect(seen).toEqual([]);
  queue = { ok: false, reason: 'paused' };
  await vi.advanceTimersByTimeAsync(20_000);
  queue = { ok: false, reason: 'queue_full' };
  await vi.advanceTimersByTimeAsync(6_000);
  queue = { ok: true };
  await vi.advanceTimersByTimeAsync(20_000);
  expect(seen).toEqual([
    { check: 'queue', status: 'degraded', was: null, reason: 'paused' },
    { check: 'queue', status: 'degraded', was: 'paused', reason: 'queue_full' },
    { check: 'queue', status: 'ok', was: 'queue_full', reason: null },
  ]);
  stop();
  queue = { ok: false, reason: 'paused' };
  await vi.advanceTimersByTimeAsync(20_000);
  expect(seen).toHaveLength(3);
});
