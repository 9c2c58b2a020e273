import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { limiterFor } from '../../../src/queue/limiter.ts';
import type { Delivery } from '../../../src/services/delivery/delivery.ts';
import { bundled } from '../../support/bundled.ts';
import { alertJob, DELIVERED, openQueueRig, type QueueRig, SEALED } from '../../support/queue-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let rig: QueueRig | undefined;
let serial = 0;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => rig?.close());
afterAll(() => server.stop());

async function open(): Promise<QueueRig> {
  serial += 1;
  const opened = openQueueRig(server.connection, {
    prefix: `{limiter-${process.pid}-${serial}}`,
    sendDelayMs: 1_000,
  });
  rig = opened;
  await opened.ready();
  return opened;
}

const EXPIRED: Delivery = {
  kind: 'ended',
  called: false,
  outcome: { status: 'expired', parts: null, tookMs: 1_000 },
};

describe("BullMQ's limiter", () => {
  it('is one at a time from a second up, as many as fit into a second below, and none for 0', () => {
    expect(limiterFor(1_000)).toEqual({ max: 1, duration: 1_000 });
    expect(limiterFor(2_500)).toEqual({ max: 1, duration: 2_500 });
    expect(limiterFor(34)).toEqual({ max: 30, duration: 1_000 });
    expect(limiterFor(999)).toEqual({ max: 2, duration: 1_000 });
    expect(limiterFor(0)).toBeUndefined();
  });

  it('lets two worker processes send one alert per second, also without our own pace', async () => {
    const rig = await open();
    const script = await bundled(new URL('../../support/stub-worker.ts', import.meta.url));
    const workers = [1, 2].map(() => fork(script, [server.connection.path, rig.prefix]));
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    for (let index = 0; index < 4; index += 1)
      await rig.alerts.add(alertJob(`a${index}`, `chat${index}`), SEALED);
    await expect.poll(async () => (await rig.alerts.counts()).completed, { timeout: 10_000 }).toBe(4);
    await Promise.all(workers.map(endWorker));
    // By Redis's own clock: a busy machine sees its own time late.
    const entries = await rig.fast.xrange(`${rig.base}events`, '-', '+');
    const fetched = entries
      .filter(([, fields]) => fields[fields.indexOf('event') + 1] === 'active')
      .map(([id]) => Number(id.split('-')[0]));
    expect(fetched).toHaveLength(4);
    const gaps = fetched.slice(1).map((at, index) => at - (fetched[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(999);
  });

  it('lets nobody fetch until it ends, whoever filled it', async () => {
    const rig = await open();
    let takenAt = 0;
    await rig.work(async () => {
      takenAt = Date.now();
      return DELIVERED;
    });
    const filledAt = Date.now();
    await rig.fast.set(`${rig.base}limiter`, 1, 'PX', 1_500);
    await rig.alerts.add(alertJob('a', 'chat'), SEALED);
    await expect.poll(() => takenAt, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(takenAt - filledAt).toBeGreaterThanOrEqual(1_490);
  });

  it('is given its token back by alerts that send nothing: 20 expired ones cost the next no seconds', async () => {
    const rig = await open();
    for (let index = 0; index < 20; index += 1)
      await rig.alerts.add(alertJob(`expired${index}`, `chat${index}`), SEALED);
    await rig.alerts.add(alertJob('live', 'live chat'), SEALED);
    let sentAt = 0;
    const began = Date.now();
    await rig.work(async ({ alertId }) => {
      if (alertId !== 'live') return EXPIRED;
      sentAt = Date.now();
      return DELIVERED;
    });
    await expect.poll(() => sentAt, { timeout: 30_000 }).toBeGreaterThan(0);
    // Without it: 20 s.
    expect(sentAt - began).toBeLessThan(1_500);
    await expect.poll(() => rig.alerts.counts()).toMatchObject({ pending: 0, completed: 1, failed: 20 });
    const failed = await rig.dispatch.queue.getJob('expired0');
    expect(failed?.failedReason).toBe('expired');
    expect(failed?.data.outcome).toEqual(EXPIRED.kind === 'ended' && EXPIRED.outcome);
  });
});

async function endWorker(worker: ChildProcess): Promise<void> {
  const gone = once(worker, 'exit');
  worker.send('end');
  await gone;
}
