import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { alertJob, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const DELAY_MS = 1_000;

let server: TestRedis;
let rig: EngineRig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

const take = (pace: EngineRig['pace'], id: string) => pace.take(alertJob(id, id));

async function open(sendDelayMs: number): Promise<void> {
  rig = await openEngineRig(server, { sendDelayMs });
  for (const id of ['a', 'b']) await rig.alerts.add(alertJob(id, id), SEALED);
  expect(await take(rig.pace, 'a')).toMatchObject({ kind: 'go' });
}

/** When the other process may send next (epoch ms). */
async function nextSlot(): Promise<number> {
  expect(await take(rig.anotherPace(), 'b')).toMatchObject({ kind: 'go' });
  return Number(await rig.fast.hget(rig.keys.pace, 'last'));
}

describe('two processes', () => {
  it('keep their distance from a send of the other that began late', async () => {
    await open(DELAY_MS);
    await sleep(300);
    const [beganAt, wallClock] = [performance.now(), Date.now()];
    await rig.pace.sent(beganAt);
    // Both clocks are rounded to a millisecond.
    expect(await nextSlot()).toBeGreaterThanOrEqual(wallClock + DELAY_MS - 2);
  });

  it('count from when the send began, however long its call took', async () => {
    await open(DELAY_MS);
    await sleep(100);
    const [beganAt, wallClock] = [performance.now(), Date.now()];
    await sleep(600);
    await rig.pace.sent(beganAt);
    const slot = await nextSlot();
    expect(slot).toBeGreaterThanOrEqual(wallClock + DELAY_MS - 2);
    expect(slot).toBeLessThan(wallClock + DELAY_MS + 400);
  });

  it('are not moved back by a send before the newest slot', async () => {
    await open(DELAY_MS);
    const slot = Number(await rig.fast.hget(rig.keys.pace, 'last'));
    await rig.pace.sent(performance.now() - 10_000);
    expect(await nextSlot()).toBeGreaterThanOrEqual(slot + DELAY_MS);
  });

  it('go by slots alone where throughput matters more', async () => {
    await open(100);
    const slot = await rig.fast.hget(rig.keys.pace, 'last');
    await sleep(20);
    await rig.pace.sent(performance.now());
    expect(await rig.fast.hget(rig.keys.pace, 'last')).toBe(slot);
  });
});
