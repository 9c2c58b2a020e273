import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/domain/errors.ts';
import { createAlertQueue } from '../../../src/queue/alert-queue.ts';
import { withQueueCommands } from '../../../src/queue/commands.ts';
import { createPace } from '../../../src/queue/pace.ts';
import { connectRedis } from '../../../src/queue/redis.ts';
import type { AlertJob, AlertQueue } from '../../../src/services/ports.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let serial = 0;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

function open(prefix: string, maxPending: number) {
  const redis = withQueueCommands(connectRedis(server.connection, 'patient', () => undefined));
  const queue = new Queue('alerts', { connection: redis as never, prefix });
  queue.on('error', () => undefined);
  const base = `${prefix}:alerts:`;
  return {
    redis,
    queue,
    base,
    alerts: createAlertQueue({ queue, redis, base, maxPending, sendDelayMs: 1_000 }),
    async close() {
      await queue.close();
      redis.disconnect();
    },
  };
}

function job(alertId: string, chat: string, options: Partial<AlertJob> = {}): AlertJob {
  return {
    alertId,
    integrationId: 1,
    chat,
    isGroup: false,
    priority: 'normal',
    deliverAt: null,
    sealed: 'c2VhbGVk',
    ...options,
  };
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
    opened = open(prefix, 500);
    alerts = opened.alerts;
  });
  afterEach(() => opened.close());

  const order = async () =>
    (await opened.queue.getJobs(['prioritized'], 0, -1, true)).map((entry) => entry.id).join(' ');

  it('keeps one chat first in, first out', async () => {
    for (const id of ['a1', 'a2', 'a3']) await alerts.add(job(id, 'aa'));
    expect(await order()).toBe('a1 a2 a3');
  });

  it('lets chats take turns, whatever their load', async () => {
    for (const id of ['a1', 'a2', 'a3', 'a4']) await alerts.add(job(id, 'aa'));
    for (const id of ['b1', 'b2']) await alerts.add(job(id, 'bb'));
    await alerts.add(job('c1', 'cc'));
    expect(await order()).toBe('a1 b1 c1 a2 b2 a3 a4');
  });

  it('puts high alerts before what their chat has waiting, in their own order, without costing other chats', async () => {
    for (const id of ['a1', 'a2', 'a3']) await alerts.add(job(id, 'aa'));
    for (const id of ['b1', 'b2']) await alerts.add(job(id, 'bb'));
    for (const id of ['h1', 'h2']) await alerts.add(job(id, 'aa', { priority: 'high' }));
    expect(await order()).toBe('h1 b1 h2 b2 a1 a2 a3');
  });

  it('refuses what is over the cap, and takes it again when there is room', async () => {
    const small = open(prefix, 3);
    for (const id of ['a1', 'a2']) await small.alerts.add(job(id, 'aa'));
    await small.alerts.add(job('later', 'aa', { deliverAt: Date.now() + 60_000 }));
    await expect(small.alerts.add(job('a3', 'aa'))).rejects.toMatchObject({
      code: 'queue_full',
      retryAfterSeconds: 1,
    });
    await expect(
      small.alerts.add(job('soon', 'aa', { deliverAt: Date.now() + 60_000 })),
    ).rejects.toMatchObject({
      code: 'queue_full',
    });
    await small.alerts.add(job('a1', 'aa')); // a repeat of a queued one is no new alert
    await small.alerts.remove(['a1']);
    await small.alerts.add(job('a3', 'aa'));
    expect(await small.alerts.counts()).toMatchObject({ pending: 3, delayed: 1, prioritized: 2 });
    await small.close();
  });

  it('holds the cap of 500 exactly under 4 processes that add 2,000 at once', async () => {
    const script = fileURLToPath(new URL('../../support/add-alerts.ts', import.meta.url));
    const children = Array.from({ length: 4 }, (_, index) =>
      fork(script, [server.connection.path, prefix, String(index), '500'], { execArgv: ['--import', 'tsx'] }),
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
    const redis = withQueueCommands(connectRedis(server.connection, 'fast', () => undefined));
    const fast = createAlertQueue({
      queue: opened.queue,
      redis,
      base: opened.base,
      maxPending: 5,
      sendDelayMs: 1,
    });
    await expect.poll(() => redis.status).toBe('ready');
    server.freeze();
    const started = Date.now();
    const [result] = await Promise.allSettled([fast.add(job('x1', 'aa'))]);
    const took = Date.now() - started;
    server.thaw();
    expect(codeOf(result)).toBe('queue_unavailable');
    expect(took).toBeLessThan(1_500);
    await expect
      .poll(() =>
        fast.add(job('x2', 'aa')).then(
          () => 'added',
          () => 'refused',
        ),
      )
      .toBe('added');
    redis.disconnect();
  });
});

describe('the pace', () => {
  it('hands out slots in order, one per send delay, and lets only the first of a line go', async () => {
    serial += 1;
    const { alerts, redis, base, close } = open(`{pace-${process.pid}-${serial}}`, 500);
    for (const id of ['a1', 'a2']) await alerts.add(job(id, 'aa'));
    for (const id of ['b1']) await alerts.add(job(id, 'bb'));
    const pace = createPace({ redis, base, sendDelayMs: 200, chatDelayMs: 5_000, groupLimitPerMinute: 20 });
    const take = (alertId: string, chat: string) => pace.take({ alertId, chat, isGroup: false });
    expect(await take('a2', 'aa')).toMatchObject({ kind: 'defer' }); // a1 is before it
    expect(await take('a1', 'aa')).toEqual({ kind: 'go', waitMs: 0 });
    const second = await take('b1', 'bb');
    expect(second.kind === 'go' && second.waitMs).toBeGreaterThan(150);
    const third = await take('a2', 'aa'); // its chat was sent to just now
    expect(third.kind === 'defer' && third.deferMs).toBeGreaterThan(4_000);
    await close();
  });

  it('keeps a group within its limit per minute and estimates when each place in the line opens', async () => {
    serial += 1;
    const { alerts, redis, base, close } = open(`{pace-${process.pid}-${serial}}`, 500);
    for (const id of ['g1', 'g2', 'g3', 'g4', 'g5']) await alerts.add(job(id, 'aa', { isGroup: true }));
    const pace = createPace({ redis, base, sendDelayMs: 0, chatDelayMs: 0, groupLimitPerMinute: 2 });
    const take = (alertId: string) => pace.take({ alertId, chat: 'aa', isGroup: true });
    for (const id of ['g1', 'g2']) {
      expect(await take(id)).toMatchObject({ kind: 'go' });
      await alerts.remove([id]); // it has ended
    }
    const waits = [];
    for (const id of ['g3', 'g4', 'g5']) {
      const turn = await take(id);
      waits.push(turn.kind === 'defer' ? Math.round(turn.deferMs / 60_000) : -1);
    }
    expect(waits).toEqual([1, 1, 2]);
    await close();
  });

  it('lets nobody of a chat overtake an alert that is on its way or was put back', async () => {
    serial += 1;
    const { alerts, redis, base, close } = open(`{pace-${process.pid}-${serial}}`, 500);
    for (const id of ['a1', 'a2', 'a3']) await alerts.add(job(id, 'aa'));
    const pace = createPace({ redis, base, sendDelayMs: 0, chatDelayMs: 0, groupLimitPerMinute: 0 });
    const take = (alertId: string) => pace.take({ alertId, chat: 'aa', isGroup: false });
    expect(await take('a1')).toMatchObject({ kind: 'go' });
    const [second, third] = [await take('a2'), await take('a3')];
    expect(second).toMatchObject({ kind: 'defer' });
    // A long line must not look again and again, all at once, while its first does not move.
    expect(third.kind === 'defer' && second.kind === 'defer' && third.deferMs > second.deferMs).toBe(true);
    expect(await take('a1')).toMatchObject({ kind: 'go' }); // its next part, or after it was put back
    await alerts.remove(['a1']);
    expect(await take('a2')).toMatchObject({ kind: 'go' });
    await close();
  });

  it('wakes the next of the line when one goes, past those that have ended', async () => {
    serial += 1;
    const { alerts, redis, base, close } = open(`{pace-${process.pid}-${serial}}`, 500);
    for (const id of ['a1', 'a2', 'a3', 'a4']) await alerts.add(job(id, 'aa'));
    // As BullMQ puts them off: the time in the upper bits of the score.
    const later = (Date.now() + 60_000) * 4_096;
    for (const id of ['a3', 'a4']) {
      await redis.zrem(`${base}prioritized`, id);
      await redis.zadd(`${base}delayed`, later, id);
    }
    await alerts.remove(['a2']);
    const pace = createPace({ redis, base, sendDelayMs: 0, chatDelayMs: 500, groupLimitPerMinute: 0 });
    const before = Date.now();
    expect(await pace.take({ alertId: 'a1', chat: 'aa', isGroup: false })).toMatchObject({ kind: 'go' });
    const wake = Number(await redis.zscore(`${base}delayed`, 'a3')) / 4_096;
    expect(wake).toBeGreaterThanOrEqual(before + 500);
    expect(wake).toBeLessThan(before + 1_500);
    expect(Number(await redis.zscore(`${base}delayed`, 'a4'))).toBe(later);
    // BullMQ's worker sleeps until the marker's time.
    expect(Number(await redis.zscore(`${base}marker`, '1'))).toBe(wake);
    await close();
  });

  it('lets the later of two flood waits count', async () => {
    serial += 1;
    const { alerts, redis, base, close } = open(`{pace-${process.pid}-${serial}}`, 500);
    await alerts.add(job('a1', 'aa'));
    const pace = createPace({ redis, base, sendDelayMs: 0, chatDelayMs: 0, groupLimitPerMinute: 0 });
    await pace.block('aa', 30_000);
    await pace.block('aa', 1_000);
    const turn = await pace.take({ alertId: 'a1', chat: 'aa', isGroup: false });
    expect(turn.kind === 'defer' && Math.round(turn.deferMs / 1_000)).toBe(30);
    await close();
  });

  it('blocks a chat for a flood wait, and the whole bot when two chats are told to wait', async () => {
    serial += 1;
    const { alerts, redis, base, close } = open(`{pace-${process.pid}-${serial}}`, 500);
    await alerts.add(job('a1', 'aa'));
    const pace = createPace({ redis, base, sendDelayMs: 0, chatDelayMs: 0, groupLimitPerMinute: 0 });
    expect(await pace.block('aa', 30_000)).toEqual({ pauseAll: false });
    const turn = await pace.take({ alertId: 'a1', chat: 'aa', isGroup: false });
    expect(turn.kind === 'defer' && Math.round(turn.deferMs / 1_000)).toBe(30);
    expect(await pace.block('bb', 30_000)).toEqual({ pauseAll: true });
    await close();
  });
});
