import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type DispatchCommands, withDispatchCommands } from '../../../src/queue/commands.ts';
import { connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { alertJob, type DispatchOptions, openDispatch, SEALED } from '../../support/dispatch.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisClient & DispatchCommands;
let prefixes = 0;
beforeAll(async () => {
  server = await startTestRedis();
  redis = withDispatchCommands(connectRedis(server.connection, 'patient', () => undefined));
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function open(options: Omit<DispatchOptions, 'prefix'>) {
  const dispatch = openDispatch(redis, { prefix: `{free-in-${process.pid}-${++prefixes}}`, ...options });
  closing.push(() => dispatch.queue.close());
  return dispatch;
}

const hour = 3_600_000;
const refusal = (call: Promise<void>) =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

it('a full queue has a place again after the next send, and after a pause of the whole bot', async () => {
  const { alerts, pace } = open({ maxPending: 2, sendDelayMs: 2_000 });
  await alerts.add(alertJob('a1', 'aa'), SEALED);
  await alerts.add(alertJob('b1', 'bb'), SEALED);
  const third = () => refusal(alerts.add(alertJob('c1', 'cc'), SEALED));
  expect(await third()).toMatchObject({ code: 'queue_full', retryAfterSeconds: 2 });
  await pace.block('aa', 90_000);
  await pace.block('bb', 90_000);
  const paused = (await third()) as { retryAfterSeconds: number };
  expect(paused.retryAfterSeconds).toBeGreaterThan(2);
});

it('a chat that is full has one after its own wait', async () => {
  const { alerts, pace } = open({ maxPendingPerChat: 1, sendDelayMs: 100, chatDelayMs: 1_000 });
  await alerts.add(alertJob('a1', 'aa'), SEALED);
  const second = () => refusal(alerts.add(alertJob('a2', 'aa'), SEALED));
  expect(await second()).toMatchObject({ code: 'chat_queue_full', retryAfterSeconds: 1 });
  await pace.block('aa', 60_000);
  expect(await second()).toMatchObject({ code: 'chat_queue_full', retryAfterSeconds: 61 });
});

it('a full schedule has one when the next alert is due, for a chat when its own next one is', async () => {
  const at = (hours: number) => ({ deliverAt: Date.now() + hours * hour });
  const { alerts } = open({ maxScheduled: 3, maxScheduledPerChat: 2 });
  await alerts.add(alertJob('a1', 'aa', at(1)), SEALED);
  await alerts.add(alertJob('b1', 'bb', at(5)), SEALED);
  await alerts.add(alertJob('b2', 'bb', at(3)), SEALED);
  const ofChat = (await refusal(alerts.add(alertJob('b3', 'bb', at(1)), SEALED))) as {
    retryAfterSeconds: number;
  };
  expect(ofChat).toMatchObject({ code: 'schedule_full' });
  const roomy = open({ maxScheduledPerChat: 2 });
  await roomy.alerts.add(alertJob('d1', 'dd', at(1)), SEALED);
  await roomy.alerts.add(alertJob('e1', 'ee', at(5)), SEALED);
  await roomy.alerts.add(alertJob('e2', 'ee', at(3)), SEALED);
  const own = (await refusal(roomy.alerts.add(alertJob('e3', 'ee', at(1)), SEALED))) as {
    retryAfterSeconds: number;
  };
  expect(own).toMatchObject({ code: 'chat_schedule_full' });
  expect(own.retryAfterSeconds).toBeGreaterThan(3 * 3_600 - 10);
  expect(own.retryAfterSeconds).toBeLessThanOrEqual(3 * 3_600 + 1);
  expect(ofChat.retryAfterSeconds).toBeGreaterThan(3_600 - 10);
  expect(ofChat.retryAfterSeconds).toBeLessThanOrEqual(3_600 + 1);
});
