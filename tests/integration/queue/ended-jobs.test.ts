import { afterAll, beforeAll, expect, it } from 'vitest';
import { alertJob, DELIVERED, openQueueRig, type QueueRig, SEALED } from '../../support/queue-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const DAY_MS = 86_400_000;
/** Kept of each kind (the contract). */
const KEPT = 1_000;

let server: TestRedis;
let rig: QueueRig;
beforeAll(async () => {
  server = await startTestRedis();
  rig = openQueueRig(server.connection, {
    prefix: '{ended}',
    maxPending: 2_000,
    sendDelayMs: 0,
    chatDelayMs: 0,
  });
  await rig.ready();
});
afterAll(async () => {
  await rig.close();
  await server.stop();
});

it('the board keeps the newest 1,000 alerts that were delivered, and none for longer than a day', async () => {
  const ids = Array.from({ length: KEPT + 20 }, (_, index) => `a${index}`);
  await Promise.all(ids.map((id) => rig.alerts.add(alertJob(id, id), SEALED)));
  await rig.work(async () => DELIVERED, 10);
  const { queue } = rig.dispatch;
  await expect
    .poll(async () => (await rig.alerts.counts()).pending, { timeout: 25_000, interval: 200 })
    .toBe(0);
  await expect.poll(() => queue.getCompletedCount()).toBe(KEPT);
  // A day passes for the older half: BullMQ's set has the times at which they ended.
  const ended = (await queue.getCompleted(KEPT / 2, KEPT)).map(({ id = '' }) => id);
  const longAgo = String(Date.now() - DAY_MS - 1_000);
  for (const id of ended) {
    await rig.fast.hset(queue.toKey(id), 'finishedOn', longAgo);
    await rig.fast.zadd(queue.toKey('completed'), longAgo, id);
  }
  await rig.alerts.purgeEnded();
  expect(await queue.getCompletedCount()).toBe(KEPT / 2);
});
