import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createEventBus } from '../../../src/domain/events.ts';
import { createTelegramCheck } from '../../../src/ops/checks/telegram-check.ts';
import { startTelegramWatch, type TelegramWatch } from '../../../src/ops/telegram-watch.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
let watch: TelegramWatch;
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

/** The longest that a probe may take, in ms. */
const PROBE_MS = 6_000;
const PROMISED_MS = 15_000;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function setUp() {
  const events = createEventBus();
  const telegram = { answer: 'ok' as 'ok' | 'unreachable' | 'unauthorized', tookMs: 0, asked: 0 };
  watch = startTelegramWatch({
    events,
    clock: { now: Date.now },
    probe: async () => {
      telegram.asked += 1;
      const { answer, tookMs } = telegram;
      await new Promise((resolve) => setTimeout(resolve, tookMs));
      return answer;
    },
  });
  const call = (result: 'ok' | 'unanswered' | 'unreachable' | 'unauthorized') =>
    events.emit('telegram.called', { method: 'sendMessage', result, tookMs: 1 });
  return { telegram, call };
}

it.each(['unreachable', 'unauthorized'] as const)(
  'tells %s within 15 s, and its end, while nobody sends',
  async (answer) => {
    const { telegram } = setUp();
    await pass(100);
    expect(watch.state()).toBe('ok');
    Object.assign(telegram, { answer, tookMs: PROBE_MS });
    await pass(PROMISED_MS - 1_000);
    expect(watch.state()).toBe(answer);
    Object.assign(telegram, { answer: 'ok', tookMs: 100 });
    await pass(PROMISED_MS - 1_000);
    expect(watch.state()).toBe('ok');
  },
);

it('asks at the start, and then only after some seconds without traffic', async () => {
  const { telegram, call } = setUp();
  await pass(0);
  expect(telegram.asked).toBe(1);
  for (let second = 0; second < 60; second += 1) {
    call('ok');
    await pass(1_000);
  }
  expect(telegram.asked).toBe(1);
  await pass(14_900);
  expect(telegram.asked).toBe(3);
});

it('believes one failed call only after asking, which it does at once', async () => {
  const { telegram, call } = setUp();
  await pass(100);
  telegram.tookMs = 100;
  await pass(1_000);
  call('unanswered');
  await pass(50);
  expect(watch.state()).toBe('ok');
  expect(telegram.asked).toBe(2);
  telegram.answer = 'unauthorized';
  // While that probe is under way: another one follows.
  call('unauthorized');
  await pass(1_300);
  expect(watch.state()).toBe('unauthorized');
  call('ok');
  expect(watch.state()).toBe('ok');
});

it('the check names the trouble of the sender first, then of Telegram, then of the updates', async () => {
  setUp();
  let sender: 'ok' | 'unreachable' | 'halted' = 'halted';
  let updates = { state: 'conflict', since: Date.now() };
  const check = createTelegramCheck({
    watch,
    sender: () => sender,
    updates: () => updates,
    clock: { now: Date.now },
  });
  expect(await check()).toEqual({ ok: false, reason: 'halted' });
  sender = 'ok';
  expect(await check()).toEqual({ ok: false, reason: 'updates_conflict' });
  updates = { state: 'webhook_refused', since: Date.now() };
  expect(await check()).toEqual({ ok: false, reason: 'webhook_refused' });
  updates = { state: 'backing_off', since: Date.now() };
  expect(await check()).toEqual({ ok: true });
  await pass(5_000);
  expect(await check()).toEqual({ ok: false, reason: 'updates_unreachable' });
  for (const state of ['polling', 'webhook', 'standby', 'stopped']) {
    updates = { state, since: Date.now() };
    expect(await check()).toEqual({ ok: true });
  }
});
