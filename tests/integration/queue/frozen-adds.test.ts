import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createRig, type Rig, request, tally, times } from '../services/rig.ts';

/** More than the queue takes, so that what were left of them would fill it. */
const ADDS = 600;
/** Past the time within which Redis must answer a command: what is asked at the refusal is refused as well; in ms. */
const STILL_FROZEN_MS = 1_200;

let server: TestRedis;
let rig: Rig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

it('600 alerts that a frozen Redis kept from being accepted free their places by themselves after the thaw', async () => {
  rig = await createRig(server, { dailyLimit: 1_000 });
  const { integration } = await rig.integrate();
  server.freeze();
  const refused = await tally(times(ADDS, () => rig.alerts.accept(integration, request(), {})));
  expect(refused).toEqual({ queue_unavailable: ADDS });
  await sleep(STILL_FROZEN_MS);
  server.thaw();
  // It does what it was asked while it was frozen: the queue is full of alerts that nobody sent.
  const serial = () => rig.patient.hget(`${rig.prefix}:dispatch:clock`, 'serial').then(Number);
  await expect.poll(serial, { timeout: 10_000 }).toBeGreaterThan(0);
  await expect
    .poll(() => rig.dispatch.places.counts(), { timeout: 10_000 })
    .toEqual({ pending: 0, scheduled: 0 });
  expect(await rig.left(integration.id)).toBe(1_000);
  await rig.alerts.accept(integration, request(), {});
  expect(await rig.dispatch.places.counts()).toEqual({ pending: 1, scheduled: 0 });
});
