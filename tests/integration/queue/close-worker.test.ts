import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pause } from '../../../src/async/pause.ts';
import { alertJob, DELIVERED, openQueueRig, type QueueRig, SEALED } from '../../support/queue-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let rig: QueueRig;
beforeEach(async () => {
  redis = await startTestRedis();
  rig = openQueueRig(redis.connection, { prefix: `{close-${process.pid}}` });
  await rig.ready();
});
afterEach(async () => {
  await rig.close();
  await redis.stop();
});

/** A piece of work that says when it begins and ends when it is told to. */
function createWork() {
  let begin = (): void => {};
  let end = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = (): Promise<void> => {
    begin();
    return ended;
  };
  return { begun, run, end: () => end() };
}

/** A worker with one delivery in hand. */
async function startDelivery() {
  const work = createWork();
  const worker = await rig.work(async () => {
    await work.run();
    return DELIVERED;
  });
  await rig.alerts.add(alertJob('a', 'chat'), SEALED);
  await work.begun;
  return { work, worker };
}

async function takeRedisAway(): Promise<void> {
  await redis.kill9();
  await expect.poll(() => rig.patient.status).not.toBe('ready');
}

/** Stops, and shows that the stop waits for the work and for nothing else. */
async function expectToWaitFor(work: { end(): void }, stop: () => Promise<void>): Promise<void> {
  let stopped = false;
  const stopping = stop().then(() => {
    stopped = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(stopped).toBe(false);
  work.end();
  const began = performance.now();
  await stopping;
  expect(performance.now() - began).toBeLessThan(1_000);
}

describe('a worker with many deliveries in hand', () => {
  it('lets all of them wait for its stop without a warning of a leak', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    let waiting = 0;
    const worker = await rig.work(async (_job, stopping) => {
      waiting += 1;
      await pause(60_000, stopping);
      return { kind: 'defer', ms: 0, called: false };
    }, 20);
    for (let index = 0; index < 20; index += 1)
      await rig.alerts.add(alertJob(`a${index}`, `chat${index}`), SEALED);
    await expect.poll(() => waiting).toBe(20);
    await worker.stop();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('a worker that stops while Redis is away', () => {
  it('waits for the delivery in hand, and not for Redis', async () => {
    const { work, worker } = await startDelivery();
    await takeRedisAway();
    await expectToWaitFor(work, worker.stop);
  });

  it('does not wait for a Redis that is frozen', async () => {
    const { work, worker } = await startDelivery();
    redis.freeze();
    const stopping = worker.stop();
    // Longer than it is given to answer, so that only the work is left to wait for.
    await new Promise((resolve) => setTimeout(resolve, 700));
    await expectToWaitFor(work, () => stopping);
    redis.thaw();
  });

  it('does not wait for a Redis that goes away during the stop', async () => {
    const { work, worker } = await startDelivery();
    const stopping = worker.stop();
    // Time for its answer, after which the stop counts on it.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await takeRedisAway();
    await expectToWaitFor(work, () => stopping);
  });

  it('waits for the scheduled job in hand, and not for Redis', async () => {
    const work = createWork();
    const maintenance = await rig.schedule((name) => (name === 'upkeep' ? work.run() : undefined));
    await work.begun;
    await takeRedisAway();
    await expectToWaitFor(work, maintenance.stop);
  });

  it('does not wait for the connection that fetches, when it alone cannot be opened again', async () => {
    const worker = await rig.work(async () => DELIVERED);
    const fetching = async () =>
      /^id=(\d+) .* cmd=bzpopmin /m.exec(String(await rig.fast.call('CLIENT', 'LIST')))?.[1];
    await expect.poll(fetching).toBeDefined();
    const id = await fetching();
    await rig.fast.call('CONFIG', 'SET', 'maxclients', '1');
    await rig.fast.call('CLIENT', 'KILL', 'ID', String(id));
    // Let go, and refused twice (after 100 and 300 ms): the next try is 400 ms away.
    await new Promise((resolve) => setTimeout(resolve, 400));
    const began = performance.now();
    await worker.stop();
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('takes no new job when Redis comes back meanwhile', async () => {
    const work = createWork();
    const taken: string[] = [];
    const worker = await rig.work(async ({ alertId }) => {
      taken.push(alertId);
      await work.run();
      return DELIVERED;
    }, 2);
    await rig.alerts.add(alertJob('a', 'chat'), SEALED);
    await work.begun;
    await takeRedisAway();
    const stopping = worker.stop();
    await redis.restart();
    await rig.ready();
    await rig.alerts.add(alertJob('b', 'other chat'), SEALED);
    // Time to reconnect and take it, if it did.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    work.end();
    await stopping;
    expect(taken).toEqual(['a']);
    expect((await rig.alerts.counts()).pending).toBe(1);
  });
});
