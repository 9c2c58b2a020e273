import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { createLease } from '../../../src/bot/updates/lease.ts';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { inspectRedis } from '../../../src/redis/inspect.ts';
import type { Delivery } from '../../../src/services/delivery/delivery.ts';
import type { AlertJob } from '../../../src/services/ports/queue.ts';
import { startApi } from '../../support/api-fixture.ts';
import { alertJob, DELIVERED, openQueueRig, type QueueRig, SEALED } from '../../support/queue-rig.ts';
import type { RedisProcess } from '../../support/redis-process.ts';
import type { Topology } from '../../support/redis-topologies.ts';
import { TOPOLOGIES } from './all-topologies.ts';

const FAILED: Delivery = {
  kind: 'ended',
  called: true,
  outcome: { status: 'failed', reason: 'test', parts: 1, tookMs: 1 },
};
/** The machine may have more to do than this test. */
const SOON = { timeout: 10_000 };

// Beside each other, the tests of each one after the other: they mostly wait. (Then `expect.poll` is the test's own.)
describe.concurrent.each(TOPOLOGIES)('the queue on $name', ({ start, prefix }) => {
  let topology: Topology;
  const rigs: QueueRig[] = [];
  beforeAll(async () => {
    topology = await start();
  });
  afterEach(async () => {
    await Promise.all(rigs.splice(0).map((rig) => rig.close()));
  });
  afterAll(() => topology?.stop());

  const open = async (name: string, options: { maxPending?: number; chatDelayMs?: number } = {}) => {
    const rig = openQueueRig(parseRedisUrl(topology.url), { prefix: `${prefix}:${name}`, ...options });
    rigs.push(rig);
    await rig.ready();
    return rig;
  };

  it.sequential('takes alerts up to the cap, delivers them in fair turns, defers one and holds a scheduled one', async ({
    expect,
  }) => {
    const rig = await open('work', { maxPending: 5 });
    const dueAt = Date.now() + 2_000;
    for (const id of ['a1', 'a2', 'a3']) await rig.alerts.add(alertJob(id, 'aa'), SEALED);
    for (const id of ['b1', 'b2']) await rig.alerts.add(alertJob(id, 'bb'), SEALED);
    await rig.alerts.add(alertJob('later', 'cc', { deliverAt: dueAt }), SEALED);
    await expect(rig.alerts.add(alertJob('x', 'aa'), SEALED)).rejects.toMatchObject({ code: 'queue_full' });
    expect(await rig.alerts.counts()).toMatchObject({ pending: 5, scheduled: 1, prioritized: 5, delayed: 1 });

    const seen: string[] = [];
    let laterAt = 0;
    await rig.work(async (job: AlertJob) => {
      const turn = await rig.pace.take(job);
      if (turn.kind !== 'go') return { kind: 'defer', ms: turn.ms, called: false };
      seen.push(job.alertId);
      if (job.alertId === 'b1' && seen.filter((id) => id === 'b1').length === 1)
        return { kind: 'defer', ms: 100, called: true };
      if (job.alertId === 'later') laterAt = Date.now();
      return job.alertId === 'a3' ? FAILED : DELIVERED;
    });
    await expect.poll(() => seen, SOON).toContain('later');
    expect(seen.slice(0, 2)).toEqual(['a1', 'b1']);
    expect([...seen].sort()).toEqual(['a1', 'a2', 'a3', 'b1', 'b1', 'b2', 'later']);
    // Nothing overtakes a deferred alert of its own chat.
    expect(seen.indexOf('b2')).toBeGreaterThan(seen.lastIndexOf('b1'));
    expect(laterAt).toBeGreaterThanOrEqual(dueAt);
    await expect.poll(() => rig.alerts.counts(), SOON).toMatchObject({ pending: 0, active: 0, failed: 1 });
    expect(await Promise.all(['a1', 'a3'].map(rig.alerts.hasText))).toEqual([false, true]);
    await rig.alerts.addAgain(alertJob('a3', 'aa'), null);
    await expect.poll(() => seen.filter((id) => id === 'a3'), SOON).toHaveLength(2);
    await expect.poll(() => rig.alerts.counts(), SOON).toMatchObject({ pending: 0, active: 0, failed: 1 });
  });

  it.sequential('pauses all workers after a bot-wide flood wait, and finds and drops what is queued', async ({
    expect,
  }) => {
    const [one, other] = [await open('pause'), await open('pause')];
    for (const id of ['a1', 'b1', 'c1']) await one.alerts.add(alertJob(id, id.slice(0, 1)), SEALED);
    expect(await one.alerts.existing(['a1', 'nobody'])).toEqual(new Set(['a1']));
    await one.dispatch.discard('c1');
    for (const chat of ['x', 'y']) await one.pace.block(chat, 700);
    const paused = Date.now();
    const seen: { id: string; at: number }[] = [];
    for (const rig of [one, other]) {
      await rig.work(async (job: AlertJob) => {
        const turn = await rig.pace.take(job);
        if (turn.kind !== 'go') return { kind: 'defer', ms: turn.ms, called: false };
        seen.push({ id: job.alertId, at: Date.now() });
        return DELIVERED;
      });
    }
    await expect.poll(() => seen.length, SOON).toBe(2);
    expect(seen.map(({ id }) => id).sort()).toEqual(['a1', 'b1']);
    expect(Math.min(...seen.map(({ at }) => at)) - paused).toBeGreaterThan(600);
  });

  it.sequential('runs the scheduled jobs once for two processes', async ({ expect }) => {
    const [one, other] = [await open('jobs'), await open('jobs')];
    const ran: { name: string; at: number }[] = [];
    const note = (name: string) => ran.push({ name, at: Date.now() });
    const first = await one.schedule(note);
    await other.schedule(note);
    const upkeeps = () => ran.filter(({ name }) => name === 'upkeep');
    await expect.poll(() => upkeeps().length, SOON).toBeGreaterThan(0);
    const keys = (await first.queue.getJobSchedulers()).map(({ key }) => key);
    expect(keys.sort()).toEqual(['backup', 'reset-quotas', 'upkeep']);
    // One slot is 10 s long, and the first run is made at once.
    const slots = upkeeps().map(({ at }) => Math.floor(at / 10_000));
    expect(slots).toEqual([...new Set(slots)]);
  });

  it.sequential('tells every process that an alert has ended', async ({ expect }) => {
    const [one, other] = [await open('ended'), await open('ended')];
    const began = performance.now();
    // A subscription may still be under way: published again, as long as nobody has heard.
    const again = setInterval(() => one.ended.publish('a1'), 50);
    await other.ended.wait('a1', 10_000, new AbortController().signal);
    clearInterval(again);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it.sequential('gives the poller’s lease to one of two, and to the other after a release', async ({
    expect,
  }) => {
    const [one, other] = [await open('lease'), await open('lease')];
    // The lease asks for a part of ioredis that Redis and Cluster share.
    const lease = (rig: QueueRig) => createLease(rig.fast as never, `${rig.prefix}:poller`);
    const [mine, yours] = [lease(one), lease(other)];
    const holding = await mine.tryAcquire();
    expect(holding).toBeDefined();
    expect(await yours.tryAcquire()).toBeUndefined();
    await holding?.release();
    const next = await yours.tryAcquire();
    expect(next).toBeDefined();
    await next?.release();
  });

  it.sequential('counts requests over all processes, for every address', async ({ expect }) => {
    const rigs = [await open('rate'), await open('rate')];
    const apis = [];
    for (const rig of rigs) {
      apis.push(
        await startApi({
          redis: rig.fast as never,
          rateLimitPerMinute: 2,
          trustProxy: 1,
          queuePrefix: rig.prefix,
        }),
      );
    }
    for (let n = 1; n <= 6; n++) {
      const from = { headers: { 'X-Forwarded-For': `203.0.113.${n}` } };
      const statuses = [];
      for (const api of [...apis, ...apis]) statuses.push((await api.call('/api/keys', from)).status);
      expect(statuses).toEqual([401, 401, 429, 429]);
    }
    await Promise.all(apis.map((api) => api.stop()));
  });

  it.sequential('finds no fault with its settings', async ({ expect }) => {
    expect(await inspectRedis((await open('inspect')).patient)).toEqual([]);
  });

  it.sequential('was never refused for want of a permission', async ({ expect }) => {
    for (const { admin } of topology.servers) expect(await admin.call('ACL', 'LOG')).toEqual([]);
  });

  it.sequential('leaves no connection behind', async ({ expect }) => {
    const rig = await open('close');
    await rig.work(async () => DELIVERED);
    await rig.schedule(() => undefined);
    await rig.alerts.add(alertJob('a1', 'aa'), SEALED);
    // Three of ours, and a blocking one of each worker's.
    await expect.poll(() => clientsOf(topology.servers), SOON).toBeGreaterThanOrEqual(5);
    await rig.close();
    rigs.pop();
    await expect.poll(() => clientsOf(topology.servers), SOON).toBe(0);
  });
});

/** Connections of clients, without the test's own and those of the servers among themselves. */
async function clientsOf(servers: readonly RedisProcess[]): Promise<number> {
  const counts = await Promise.all(
    servers.map(async ({ admin }) => {
      const own = await admin.client('ID');
      const lists = await Promise.all([
        admin.call('CLIENT', 'LIST', 'TYPE', 'normal'),
        admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub'),
      ]);
      const lines = lists.flatMap((list) => String(list).trim().split('\n')).filter((line) => line !== '');
      return lines.filter((line) => !/ name=sentinel-/.test(line) && !line.startsWith(`id=${own} `)).length;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
