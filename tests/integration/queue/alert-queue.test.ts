import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/domain/errors.ts';
import { withDispatchCommands } from '../../../src/queue/commands.ts';
import { readPausedUntil } from '../../../src/queue/pace.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import type { AlertQueue } from '../../../src/services/ports/queue.ts';
import { bundled } from '../../support/bundled.ts';
import { type DispatchOptions, alertJob as job, openDispatch, SEALED } from '../../support/dispatch.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let serial = 0;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

function open(options: DispatchOptions) {
  const redis = withDispatchCommands(connectRedis(server.connection, 'patient', () => undefined));
  const dispatch = openDispatch(redis, { sendDelayMs: 1_000, ...options });
  return {
    ...dispatch,
    async close() {
      await dispatch.queue.close();
      redis.disconnect();
    },
  };
}

/** A queue of its own, whose pace has no limits but the given ones. */
function openPace(options: Partial<DispatchOptions> = {}) {
  serial += 1;
  return open({ prefix: `{pace-${process.pid}-${serial}}`, sendDelayMs: 0, ...options });
}

const codeOf = (result: PromiseSettledResult<void>) =>
  result.status === 'fulfilled' ? 'accepted' : (result.reason as AppError).code;

describe('the alert queue', () => {
  let prefix: string;
  let opened: ReturnType<typeof open>;
  let alerts: AlertQueue;
  beforeEach(() => {
    serial += 1;
    prefix = `{test-${process.pid}-${serial}}`;
    opened = open({ prefix });
    alerts = opened.alerts;
  });
  afterEach(() => opened.close());

  const order = async () => (await opened.order()).join(' ');

  it('keeps one chat first in, first out', async () => {
    for (const id of ['a1', 'a2', 'a3']) await alerts.add(job(id, 'aa'), SEALED);
    expect(await order()).toBe('a1 a2 a3');
  });

  it('lets chats take turns, whatever their load', async () => {
    for (const id of ['a1', 'a2', 'a3', 'a4']) await alerts.add(job(id, 'aa'), SEALED);
    for (const id of ['b1', 'b2']) await alerts.add(job(id, 'bb'), SEALED);
    await alerts.add(job('c1', 'cc'), SEALED);
    expect(await order()).toBe('a1 b1 c1 a2 b2 a3 a4');
  });

  it('puts high alerts before what their chat has waiting, in their own order, at two shares for their chat at most', async () => {
    for (const id of ['a1', 'a2', 'a3']) await alerts.add(job(id, 'aa'), SEALED);
    for (const id of ['b1', 'b2']) await alerts.add(job(id, 'bb'), SEALED);
    for (const id of ['h1', 'h2']) await alerts.add(job(id, 'aa', { priority: 'high' }), SEALED);
    expect(await order()).toBe('h1 a1 b1 h2 a2 b2 a3');
  });

  it('refuses what is over the cap, and takes it again when one has ended', async () => {
    const small = open({ prefix, maxPending: 2 });
    for (const id of ['a1', 'a2']) await small.alerts.add(job(id, 'aa'), SEALED);
    await expect(small.alerts.add(job('a3', 'aa'), SEALED)).rejects.toMatchObject({
      code: 'queue_full',
      retryAfterSeconds: 1,
    });
    expect(await small.alerts.hasText('a3')).toBe(false);
    await small.alerts.add(job('a1', 'aa'), SEALED); // a repeat of a queued one is no new alert
    await small.alerts.drop(['a1'], false);
    await small.alerts.add(job('a3', 'aa'), SEALED);
    expect(await small.alerts.counts()).toMatchObject({ pending: 2, prioritized: 3 });
    await small.close();
  });

  it('counts scheduled alerts apart, over all and per chat, until they have ended', async () => {
    const later = Date.now() + 60_000;
    const small = open({ prefix, maxPending: 1, maxScheduled: 3, maxScheduledPerChat: 2 });
    const schedule = (id: string, chat: string) =>
      small.alerts.add(job(id, chat, { deliverAt: later }), SEALED);
    await small.alerts.add(job('now', 'aa'), SEALED);
    for (const id of ['s1', 's2']) await schedule(id, 'aa');
    await expect(schedule('s3', 'aa')).rejects.toMatchObject({ code: 'chat_schedule_full' });
    await schedule('s4', 'bb');
    await expect(schedule('s5', 'cc')).rejects.toMatchObject({ code: 'schedule_full' });
    await expect(small.alerts.add(job('now2', 'bb'), SEALED)).rejects.toMatchObject({ code: 'queue_full' });
    expect(await small.alerts.counts()).toMatchObject({ pending: 1, scheduled: 3, delayed: 3 });
    await small.alerts.drop(['s1'], false);
    await schedule('s3', 'aa');
    await small.close();
  });

  it('holds the bound of a chat, if it has one, and leaves the others their places', async () => {
    const small = open({ prefix, maxPending: 4, maxPendingPerChat: 2 });
    for (const id of ['a1', 'a2']) await small.alerts.add(job(id, 'aa'), SEALED);
    await expect(small.alerts.add(job('a3', 'aa'), SEALED)).rejects.toMatchObject({
      code: 'chat_queue_full',
    });
    for (const id of ['b1', 'b2']) await small.alerts.add(job(id, 'bb'), SEALED);
    await expect(small.alerts.add(job('c1', 'cc'), SEALED)).rejects.toMatchObject({ code: 'queue_full' });
    await small.alerts.drop(['a1'], false);
    await small.alerts.add(job('a3', 'aa'), SEALED);
    await small.close();
  });

  it('keeps the text of an alert out of its job, and with an expiry', async () => {
    await alerts.add(job('a1', 'aa'), SEALED);
    expect(JSON.stringify((await opened.queue.getJob('a1'))?.toJSON())).not.toContain(SEALED);
    const text = `${prefix}:dispatch:text:a1`;
    expect(await opened.redis.get(text)).toBe(SEALED);
    expect(await opened.redis.pttl(text)).toBeGreaterThan(14 * 86_400_000);
    await alerts.drop(['a1'], true);
    expect(await opened.redis.pttl(text)).toBeLessThanOrEqual(86_400_000);
    await alerts.addAgain(job('a1', 'aa'), null);
    await alerts.drop(['a1'], false);
    await expect(alerts.addAgain(job('a1', 'aa'), null)).rejects.toMatchObject({ code: 'not_resendable' });
  });

  it('holds the cap of 500 exactly under 4 processes that add 2,000 at once', async () => {
    const script = await bundled(new URL('../../support/add-alerts.ts', import.meta.url));
    const children = Array.from({ length: 4 }, (_, index) =>
      fork(script, [server.connection.path, prefix, String(index), '500']),
    );
    await Promise.all(children.map((child) => once(child, 'message')));
    const answers = children.map(
      (child) => once(child, 'message') as Promise<[{ accepted: number; full: number }]>,
    );
    for (const child of children) child.send('go');
    const counts = (await Promise.all(answers)).map(([message]) => message);
    expect(counts.reduce((sum, count) => sum + count.accepted, 0)).toBe(500);
    expect(counts.reduce((sum, count) => sum + count.full, 0)).toBe(1_500);
    expect((await alerts.counts()).pending).toBe(500);
  });

  it('answers queue_unavailable within 1.5 s while Redis is frozen, and works again after it', async () => {
    const redis = withDispatchCommands(connectRedis(server.connection, 'fast', () => undefined));
    const { alerts: fast } = openDispatch(redis, { prefix, maxPending: 5 });
    await expect.poll(() => redis.status).toBe('ready');
    server.freeze();
    const started = Date.now();
    const [result] = await Promise.allSettled([fast.add(job('x1', 'aa'), SEALED)]);
    const took = Date.now() - started;
    server.thaw();
    expect(codeOf(result)).toBe('queue_unavailable');
    expect(took).toBeLessThan(1_500);
    await expect
      .poll(() =>
        fast.add(job('x2', 'aa'), SEALED).then(
          () => 'added',
          () => 'refused',
        ),
      )
      .toBe('added');
    redis.disconnect();
  });
});

describe('the pace', () => {
  const alert = (alertId: string, chat = 'aa', isGroup = false) => job(alertId, chat, { isGroup });

  it('hands out slots in order, one per send delay, and lets only the first of a line go', async () => {
    const { alerts, pace, close } = openPace({ sendDelayMs: 200, chatDelayMs: 5_000 });
    for (const id of ['a1', 'a2']) await alerts.add(job(id, 'aa'), SEALED);
    await alerts.add(job('b1', 'bb'), SEALED);
    expect(await pace.take(alert('a2'))).toMatchObject({ kind: 'defer' }); // a1 is before it
    expect(await pace.take(alert('a1'))).toEqual({
      kind: 'go',
      waitMs: 0,
      sealed: SEALED,
      isFlooded: false,
    });
    const second = await pace.take(alert('b1', 'bb'));
    expect(second.kind === 'go' && second.waitMs).toBeGreaterThan(150);
    const third = await pace.take(alert('a2')); // its chat was sent to just now
    expect(third.kind === 'defer' && third.ms).toBeGreaterThan(4_000);
    await close();
  });

  it('keeps a group within its limit per minute and estimates when each place in the line opens', async () => {
    const { alerts, pace, discard, close } = openPace({ groupLimitPerMinute: 2 });
    for (const id of ['g1', 'g2', 'g3', 'g4', 'g5'])
      await alerts.add(job(id, 'aa', { isGroup: true }), SEALED);
    for (const id of ['g1', 'g2']) {
      expect(await pace.take(alert(id, 'aa', true))).toMatchObject({ kind: 'go' });
      await discard(id); // it has ended
    }
    const waits = [];
    for (const id of ['g3', 'g4', 'g5']) {
      const turn = await pace.take(alert(id, 'aa', true));
      waits.push(turn.kind === 'defer' ? Math.round(turn.ms / 60_000) : -1);
    }
    expect(waits).toEqual([1, 1, 2]);
    await close();
  });

  it('lets nobody of a chat overtake an alert that is on its way or was put back, not even a high one', async () => {
    const { alerts, pace, discard, close } = openPace();
    for (const id of ['a1', 'a2', 'a3']) await alerts.add(job(id, 'aa'), SEALED);
    expect(await pace.take(alert('a1'))).toMatchObject({ kind: 'go' });
    await alerts.add(job('h1', 'aa', { priority: 'high' }), SEALED);
    const [high, second, third] = [
      await pace.take(alert('h1')),
      await pace.take(alert('a2')),
      await pace.take(alert('a3')),
    ];
    expect([high.kind, second.kind, third.kind]).toEqual(['defer', 'defer', 'defer']);
    // A long line must not look again and again, all at once, while its first does not move.
    expect(third.kind === 'defer' && second.kind === 'defer' && third.ms > second.ms).toBe(true);
    expect(await pace.take(alert('a1'))).toMatchObject({ kind: 'go' }); // its next part, or after it was put back
    await discard('a1');
    expect(await pace.take(alert('a2'))).toMatchObject({ kind: 'defer' });
    expect(await pace.take(alert('h1'))).toMatchObject({ kind: 'go' });
    await close();
  });

  it('tells whoever leaves who is next in the line, past those that have left, and when', async () => {
    const { alerts, pace, places, discard, close } = openPace({ chatDelayMs: 500 });
    for (const id of ['a1', 'a2', 'a3', 'a4']) await alerts.add(job(id, 'aa'), SEALED);
    await discard('a2');
    expect(await pace.take(alert('a1'))).toMatchObject({ kind: 'go' });
    const next = await places.leave(alert('a1'), 0);
    expect(next?.alertId).toBe('a3');
    expect(next?.ms).toBeGreaterThan(300);
    expect(next?.ms).toBeLessThanOrEqual(500);
    for (const id of ['a3', 'a4']) await discard(id);
    expect(await places.leave(alert('a1'), 0)).toBeUndefined();
    await close();
  });

  it('lets a chat wait 3 s for an alert that got a place but no job, and no longer', async () => {
    const { alerts, pace, places, redis, prefix, close } = openPace();
    await places.reserve([{ job: job('crashed', 'aa'), due: 'now', sealed: SEALED }]);
    await alerts.add(job('a1', 'aa'), SEALED);
    expect(await pace.take(alert('a1'))).toMatchObject({ kind: 'defer' });
    expect(await pace.take(alert('a1'))).toMatchObject({ kind: 'defer' });
    await redis.zadd(`${prefix}:dispatch:pending`, Date.now() - 3_100, 'crashed');
    expect(await pace.take(alert('a1'))).toMatchObject({ kind: 'go' });
    // It was slow and not dead: it takes its place again.
    expect(await pace.take(alert('crashed'))).toMatchObject({ kind: 'defer' });
    await places.leave(alert('a1'), 0);
    expect(await pace.take(alert('crashed'))).toMatchObject({ kind: 'go', sealed: SEALED });
    expect((await alerts.counts()).pending).toBe(1);
    await close();
  });

  it('lets the later of two flood waits count', async () => {
    const { alerts, pace, close } = openPace();
    await alerts.add(job('a1', 'aa'), SEALED);
    await pace.block('aa', 30_000);
    await pace.block('aa', 1_000);
    const turn = await pace.take(alert('a1'));
    expect(turn.kind === 'defer' && Math.round(turn.ms / 1_000)).toBe(30);
    await close();
  });

  it('blocks a chat for a flood wait, and the whole bot for seconds when two chats are told to wait', async () => {
    const { alerts, pace, redis, prefix, close } = openPace();
    for (const chat of ['aa', 'cc']) await alerts.add(job(`${chat}1`, chat), SEALED);
    expect(await pace.block('aa', 30_000)).toBe('chat');
    const turn = await pace.take(alert('aa1'));
    expect(turn.kind === 'defer' && Math.round(turn.ms / 1_000)).toBe(30);
    expect(await pace.take(alert('cc1', 'cc'))).toMatchObject({ kind: 'go' });
    expect(await pace.block('bb', 30_000)).toBe('suspected');
    const paused = await pace.take(alert('cc1', 'cc'));
    expect(paused.kind === 'paused' && Math.round(paused.ms / 1_000)).toBe(5);
    expect(await readPausedUntil(redis, prefix)).toBeGreaterThan(Date.now() + 4_000);
    await close();
  });
});
