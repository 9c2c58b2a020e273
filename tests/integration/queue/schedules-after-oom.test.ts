import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openQueueRig, type QueueRig } from '../../support/queue-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let rig: QueueRig;
beforeAll(async () => {
  server = await startTestRedis();
  rig = openQueueRig(server.connection, { prefix: `{oom-${process.pid}}` });
  await rig.ready();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

it('upkeep runs again soon after a Redis was out of memory in the middle of a run', async () => {
  let runs = 0;
  let finish: () => void = () => undefined;
  await rig.schedule((name) => {
    if (name !== 'upkeep') return undefined;
    runs += 1;
    // The first run lasts until Redis takes nothing any more.
    return runs > 1
      ? undefined
      : new Promise<void>((resolve) => {
          finish = resolve;
        });
  });
  await expect.poll(() => runs, { timeout: 10_000 }).toBe(1);
  await rig.fast.config('SET', 'maxmemory', '1');
  finish();
  await expect.poll(() => rig.errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
  await rig.fast.config('SET', 'maxmemory', '0');
  await expect.poll(() => runs, { timeout: 25_000 }).toBeGreaterThan(1);
}, 60_000);
