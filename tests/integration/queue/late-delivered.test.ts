import { afterEach, expect, it } from 'vitest';
import { createDeliveryRig, type DeliveryRig } from '../services/delivery/rig.ts';

let rig: DeliveryRig;
afterEach(() => rig.close());

it('a worker that was thought dead and says late that an alert arrived spares its resend', async () => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  /** The alert whose delivery is written late, and whether it was to be written. */
  let held = '';
  let isHeld = false;
  rig = await createDeliveryRig({
    ledger: {
      async end(id, from, end) {
        if (id === held && end.status === 'delivered') {
          isHeld = true;
          await answered;
        }
        return rig.ledger.end(id, from, end);
      },
    },
  });
  const chat = await rig.addChat();
  // The first call is the slowest, and the rig's patience is short.
  await rig.deliver(await rig.accept(chat));
  const job = await rig.accept(chat);
  held = job.alertId;
  const late = rig.deliver(job);
  await expect.poll(() => isHeld, { timeout: 5_000 }).toBe(true);
  // Another worker takes the alert up; then it is sent again by hand.
  expect(await rig.deliver(job)).toMatchObject({ outcome: { status: 'uncertain', reason: 'worker_died' } });
  expect(await rig.ledger.requeue(job.alertId, Date.now())).toBe(true);
  answer();
  expect(await late).toMatchObject({ outcome: { status: 'delivered' } });
  expect((await rig.entry(job)).status).toBe('delivered');
  expect(await rig.deliver(job)).toMatchObject({ called: false, outcome: { status: 'delivered' } });
  expect(rig.sends()).toHaveLength(2);
  expect(await rig.entry(job)).toMatchObject({ status: 'delivered', parts: 1, reason: null });
});
