import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEventBus } from '../../../../src/domain/events.ts';
import type { SendOutcome } from '../../../../src/domain/outcome.ts';
import { createTelegramGuard, type TelegramGuard } from '../../../../src/services/delivery/telegram-guard.ts';
import type { SendRequest } from '../../../../src/services/ports/telegram.ts';

/** The guard passes it on unread. */
const REQUEST = {} as SendRequest;
const NEVER_SENT: SendOutcome = { kind: 'never_sent', reason: 'connection_refused' };
const UNCERTAIN: SendOutcome = { kind: 'uncertain', reason: 'timeout' };
const DELIVERED: SendOutcome = { kind: 'delivered', messageId: 1 };

interface Stage {
  readonly emitted: string[];
  /** What the next sends come to, and what the next probes find. */
  outcome: SendOutcome;
  answer: 'ok' | 'unreachable' | 'unauthorized';
  sends: number;
  probes: number;
  readonly guard: TelegramGuard;
  fail(outcome: SendOutcome, times: number): Promise<void>;
  recover(): void;
}

function createStage(): Stage {
  const events = createEventBus();
  const emitted: string[] = [];
  for (const name of ['telegram.unreachable', 'telegram.recovered', 'telegram.halted'] as const)
    events.on(name, () => emitted.push(name));
  const stage: Stage = {
    emitted,
    outcome: DELIVERED,
    answer: 'ok',
    sends: 0,
    probes: 0,
    guard: createTelegramGuard({
      events,
      sender: {
        async send() {
          stage.sends += 1;
          return stage.outcome;
        },
        async edit() {
          return stage.outcome;
        },
        async probe() {
          stage.probes += 1;
          return stage.answer;
        },
      },
    }),
    async fail(outcome: SendOutcome, times: number) {
      stage.outcome = outcome;
      stage.answer = 'unreachable';
      for (let index = 0; index < times; index += 1) await stage.guard.send(REQUEST);
    },
    recover() {
      stage.outcome = DELIVERED;
      stage.answer = 'ok';
    },
  };
  return stage;
}

describe('the guard', () => {
  let stage: Stage;
  beforeEach(() => {
    vi.useFakeTimers();
    stage = createStage();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const never = new AbortController().signal;

  it.each([
    ['were never sent', NEVER_SENT],
    ['got no clear answer', UNCERTAIN],
  ])('stops calling after three sends in a row that %s', async (_, outcome) => {
    await stage.fail(outcome, 2);
    expect(stage.guard.state()).toBe('ok');
    await stage.fail(outcome, 1);
    expect(stage.guard.state()).toBe('unreachable');
    expect(await stage.guard.send(REQUEST)).toEqual({ kind: 'never_sent', reason: 'circuit_open' });
    expect(stage.sends).toBe(3);
    expect(stage.emitted).toEqual(['telegram.unreachable']);
  });

  it('counts failures in a row only', async () => {
    await stage.fail(UNCERTAIN, 2);
    stage.recover();
    await stage.guard.send(REQUEST);
    await stage.fail(NEVER_SENT, 2);
    expect(stage.guard.state()).toBe('ok');
  });

  it('probes with growing pauses, at most 3 s apart, and lets sends go when one succeeds', async () => {
    await stage.fail(NEVER_SENT, 3);
    let ready = false;
    void stage.guard.ready(never).then(() => {
      ready = true;
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ready).toBe(false);
    expect(stage.probes).toBeGreaterThanOrEqual(15);
    stage.recover();
    await vi.advanceTimersByTimeAsync(3_100);
    expect(ready).toBe(true);
    expect(await stage.guard.send(REQUEST)).toEqual(DELIVERED);
    expect(stage.emitted).toEqual(['telegram.unreachable', 'telegram.recovered']);
  });

  it('shares one probe between all who wait', async () => {
    await stage.fail(NEVER_SENT, 3);
    const waiting = [1, 2, 3, 4].map(() => stage.guard.ready(never));
    stage.recover();
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all(waiting);
    expect(stage.probes).toBe(1);
  });

  it('stops at a refused token, asks every 3 s, and goes on when it is taken', async () => {
    stage.outcome = { kind: 'halt', reason: 'token_unauthorized' };
    stage.answer = 'unauthorized';
    await stage.guard.send(REQUEST);
    expect(stage.guard.state()).toBe('halted');
    expect(await stage.guard.send(REQUEST)).toMatchObject({ kind: 'halt' });
    expect(stage.sends).toBe(1);
    const ready = stage.guard.ready(never);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stage.probes).toBe(3);
    stage.recover();
    await vi.advanceTimersByTimeAsync(3_000);
    await ready;
    expect(stage.guard.state()).toBe('ok');
    expect(stage.emitted).toEqual(['telegram.halted', 'telegram.recovered']);
  });

  it.each([
    ['that got no clear answer', UNCERTAIN, 'unreachable'],
    ['of a refused token', { kind: 'halt', reason: 'token_unauthorized' }, 'halted'],
  ] as const)(
    'finds the end of the trouble though nobody waits to send: after calls %s',
    async (_, outcome, state) => {
      await stage.fail(outcome, 3);
      expect(stage.guard.state()).toBe(state);
      stage.recover();
      await vi.advanceTimersByTimeAsync(3_100);
      expect(stage.guard.state()).toBe('ok');
    },
  );

  it('asks no more once it is stopped', async () => {
    await stage.fail(NEVER_SENT, 3);
    stage.guard.stop();
    await vi.advanceTimersByTimeAsync(1);
    const { probes } = stage;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(stage.probes).toBe(probes);
    await stage.guard.ready(never);
  });

  it('stops waiting when the worker stops', async () => {
    await stage.fail(NEVER_SENT, 3);
    const stopping = new AbortController();
    const ready = stage.guard.ready(stopping.signal);
    stopping.abort();
    await vi.advanceTimersByTimeAsync(1);
    await ready;
    expect(stage.guard.state()).toBe('unreachable');
  });
});
