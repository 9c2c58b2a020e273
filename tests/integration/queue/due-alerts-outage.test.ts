import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { alertJob, DELIVERED, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const ALERTS = 20;

let server: TestRedis;
let rig: EngineRig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

async function schedule(inMs: number): Promise<void> {
  const deliverAt = Date.now() + inMs;
  for (let index = 0; index < ALERTS; index += 1)
    await rig.alerts.add(alertJob(`s${index}`, `chat${index}`, { deliverAt }), SEALED);
}

/** By the patient connection. */
const allDelivered = () =>
  expect
    .poll(
      async () => ({
        ...(await rig.places.counts()),
        completed: await rig.patient.zcard(`${rig.prefix}:alerts:completed`),
        failed: await rig.patient.zcard(`${rig.prefix}:alerts:failed`),
      }),
      { timeout: 20_000 },
    )
    .toEqual({ pending: 0, scheduled: 0, completed: ALERTS, failed: 0 });

describe('scheduled alerts that become due', () => {
  it('get their turns while the fast connection is away', async () => {
    rig = await openEngineRig(server);
    await schedule(300);
    rig.fast.disconnect();
    await rig.work(async () => DELIVERED);
    await allDelivered();
  });

  it('are put off, and not failed, when their turns cannot be given', async () => {
    rig = await openEngineRig(server);
    await schedule(100);
    let faults = 0;
    await rig.work(async () => DELIVERED, {
      async reserve(reservations) {
        faults += 1;
        if (faults <= 3) throw new Error('READONLY You cannot write against a read only replica.');
        return rig.places.reserve(reservations);
      },
    });
    await allDelivered();
    expect(faults).toBeGreaterThan(3);
  });

  it('are all delivered when Redis was frozen at their time, and the fast connection is not back yet', async () => {
    rig = await openEngineRig(server);
    await rig.work(async () => DELIVERED);
    await schedule(1_000);
    // It gives a silent Redis up after 3 s.
    const away = new Promise((resolve) => rig.fast.once('reconnecting', resolve));
    server.freeze();
    const asking = setInterval(() => void rig.alerts.counts().catch(() => undefined), 200);
    await away;
    clearInterval(asking);
    server.thaw();
    await allDelivered();
  });
});
