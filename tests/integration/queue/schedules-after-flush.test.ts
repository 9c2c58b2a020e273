import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openQueueRig, type QueueRig } from '../../support/queue-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let rig: QueueRig;
beforeAll(async () => {
  server = await startTestRedis();
  rig = openQueueRig(server.connection, { prefix: `{flush-${process.pid}}` });
  await rig.ready();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

it('the schedules stand again within seconds of a FLUSHALL, and upkeep runs again', async () => {
  let upkeeps = 0;
  const { queue } = await rig.schedule((name) => {
    if (name === 'upkeep') upkeeps += 1;
  });
  await expect.poll(() => upkeeps, { timeout: 10_000 }).toBe(1);
  const names = async () => (await queue.getJobSchedulers()).map(({ key }) => key).sort();
  const before = await names();
  expect(before).toEqual(['backup', 'reset-quotas', 'upkeep']);
  await rig.fast.flushall();
  expect(await names()).toEqual([]);
  await expect.poll(names, { timeout: 10_000 }).toEqual(before);
  await expect.poll(() => upkeeps, { timeout: 10_000 }).toBeGreaterThan(1);
});
