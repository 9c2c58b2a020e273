import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLease, type Holding } from '../../../../src/bot/updates/lease.ts';
import { ANN, createBotRig, eventually } from '../../../support/bot-rig.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const TIMES = { ttlMs: 600, renewMs: 100 };
/** What a busy machine may add, in ms; below the hour that a faulty lease would take. */
const LATE_MS = 5_000;

describe('the lease of the poller', () => {
  let server: TestRedis;
  let redis: Redis;
  let key: string;
  const held: Holding[] = [];
  beforeAll(async () => {
    server = await startTestRedis();
    redis = new Redis({ ...server.connection, maxRetriesPerRequest: 1, commandTimeout: 1_000 });
    redis.on('error', () => {});
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => {
    key = `test:${randomUUID()}`;
  });
  afterEach(async () => {
    await Promise.all(held.splice(0).map((holding) => holding.release()));
  });

  const acquire = async (lease: ReturnType<typeof createLease>) => {
    const holding = await lease.tryAcquire();
    if (holding !== undefined) held.push(holding);
    return holding;
  };
  const untilAcquired = async (lease: ReturnType<typeof createLease>) => {
    const before = performance.now();
    while ((await acquire(lease)) === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    return performance.now() - before;
  };

  it('has one holder out of many, for longer than its time', async () => {
    const leases = Array.from({ length: 8 }, () => createLease(redis, key, TIMES));
    const won = (await Promise.all(leases.map(acquire))).filter((holding) => holding !== undefined);
    expect(won).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 2 * TIMES.ttlMs));
    expect(won[0]?.lost.aborted).toBe(false);
    const others = await Promise.all(leases.map(acquire));
    // The holder may prolong its own.
    expect(others.filter((holding) => holding !== undefined)).toHaveLength(1);
  });

  it('is free at once after a release', async () => {
    const holding = await acquire(createLease(redis, key, TIMES));
    await holding?.release();
    expect(await redis.exists(key)).toBe(0);
    expect(await untilAcquired(createLease(redis, key, TIMES))).toBeLessThan(300);
  });

  it('passes on when its owner died, after the time it had left', async () => {
    await redis.set(key, 'an owner that was killed with -9', 'PX', TIMES.ttlMs);
    const took = await untilAcquired(createLease(redis, key, TIMES));
    expect(took).toBeGreaterThan(TIMES.ttlMs - 100);
    expect(took).toBeLessThan(TIMES.ttlMs + LATE_MS);
  });

  it("passes on as soon when Redis's clock was set back meanwhile, by which its keys end", async () => {
    await redis.set(key, 'an owner that was killed with -9', 'PX', 3_600_000);
    const took = await untilAcquired(createLease(redis, key, TIMES));
    // Not sooner either: it may be alive, and polls until its time is over.
    expect(took).toBeGreaterThan(TIMES.ttlMs - 100);
    expect(took).toBeLessThan(TIMES.ttlMs + LATE_MS);
  });

  it('does not release what another process holds', async () => {
    const holding = await acquire(createLease(redis, key, TIMES));
    await redis.set(key, 'somebody else', 'PX', 60_000);
    await eventually(() => holding?.lost.aborted);
    await holding?.release();
    expect(await redis.get(key)).toBe('somebody else');
  });

  it('is lost within its time when Redis freezes, and can be had again afterwards', async () => {
    const lease = createLease(redis, key, TIMES);
    const holding = await acquire(lease);
    server.freeze();
    try {
      const before = performance.now();
      await eventually(() => holding?.lost.aborted);
      expect(performance.now() - before).toBeLessThan(TIMES.ttlMs + 100);
      await expect(lease.tryAcquire()).rejects.toThrow();
    } finally {
      server.thaw();
    }
    await holding?.release();
    await untilAcquired(lease);
  });

  it('outlives a restart of Redis that forgets it', async () => {
    const holding = await acquire(createLease(redis, key, TIMES));
    await redis.del(key);
    await eventually(() => redis.status === 'ready');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await redis.exists(key)).toBe(1);
    expect(holding?.lost.aborted).toBe(false);
  });

  it('lets one of two pollers poll, and the other take over at once after a clean stop', async () => {
    const rig = await createBotRig();
    try {
      const first = rig.poller({ lease: createLease(redis, key, TIMES) });
      first.start();
      await eventually(() => first.state().state === 'polling');
      const second = rig.poller({ lease: createLease(redis, key, TIMES), bot: rig.anotherBot() });
      second.start();
      await eventually(() => second.state().state === 'standby');
      await first.stop();
      await eventually(() => second.state().state === 'polling');
      rig.double.userSends(ANN.id, '/id');
      await rig.botSays(ANN.id);
      expect(rig.double.calls.filter(({ status }) => status === 409)).toEqual([]);
    } finally {
      await rig.close();
    }
  });
});
