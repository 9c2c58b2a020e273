import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createDeliveryRig, type DeliveryRig } from '../services/delivery/rig.ts';

const SLOT_IN_MS = 500;

let rig: DeliveryRig;
afterEach(() => rig.close());

/** How long after its turn an alert is sent, in ms, when the wall clock is set by `ms` while it waits for its slot. */
async function sendsAfter(ms: number): Promise<number> {
  let takenAt = 0;
  rig = await createDeliveryRig({
    pace: {
      async take({ alertId }) {
        takenAt = performance.now();
        return { kind: 'go', waitMs: SLOT_IN_MS, sealed: rig.texts.get(alertId) ?? null, isFlooded: false };
      },
      async sent(beganAt) {
        took = beganAt - takenAt;
      },
    },
  });
  let took = -1;
  const job = await rig.accept(await rig.addChat());
  const delivered = rig.deliver(job);
  await expect.poll(() => takenAt).toBeGreaterThan(0);
  await sleep(50);
  rig.clock.now = () => Date.now() + ms;
  await delivered;
  return took;
}

describe('the wait for a slot', () => {
  it('is not longer when the wall clock is set back meanwhile', async () => {
    expect(await sendsAfter(-4_000)).toBeLessThan(2_500);
  });

  it('is not shorter when the wall clock is set forward meanwhile', async () => {
    // A timer may be a millisecond early.
    expect(await sendsAfter(4_000)).toBeGreaterThanOrEqual(SLOT_IN_MS - 2);
  });
});
