import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  alertJob,
  DELIVERED,
  type EngineRig,
  FAILED,
  openEngineRig,
  SEALED,
} from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const TRIES = 20;

let server: TestRedis;
let rig: EngineRig;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  rig = await openEngineRig(server);
});
afterEach(() => rig.close());
afterAll(() => server.stop());

/** As its sender does: a refusal (the worker was slow) is followed by another try. */
async function resend(alertId: string): Promise<void> {
  for (;;) {
    const code = await rig.alerts.addAgain(alertJob(alertId, alertId), null).then(
      () => 'accepted',
      (error) => error.code,
    );
    if (code === 'accepted') return;
    expect(code).toBe('not_resendable');
  }
}

describe('a resend while the worker is still busy with the alert', () => {
  it('is sent, however soon after the end it comes', async () => {
    const resent = new Set<string>();
    const delivered: string[] = [];
    const resends: Promise<void>[] = [];
    await rig.work(async ({ alertId }) => {
      if (resent.has(alertId)) {
        delivered.push(alertId);
        return DELIVERED;
      }
      // Its end is in the ledger by now, and its sender has read it: 0 ms ago, 1 ms ago, …
      const again = () => {
        resent.add(alertId);
        resends.push(resend(alertId));
      };
      const afterMs = resends.length % 9;
      if (afterMs === 0) again();
      else setTimeout(again, afterMs);
      return FAILED;
    });
    for (let index = 0; index < TRIES; index += 1)
      await rig.alerts.add(alertJob(`a${index}`, `a${index}`), SEALED);
    await expect.poll(() => resends.length, { timeout: 10_000 }).toBe(TRIES);
    await Promise.all(resends);
    await expect.poll(() => delivered.length, { timeout: 10_000 }).toBe(TRIES);
    await expect.poll(() => rig.alerts.counts()).toMatchObject({ pending: 0, active: 0, failed: 0 });
    expect(new Set(delivered).size).toBe(TRIES);
  });

  it('is refused while the worker does not come to an end with it, and accepted after that', async () => {
    let looks = 0;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await rig.work(async () => {
      looks += 1;
      if (looks > 1) return DELIVERED;
      await finished;
      return FAILED;
    });
    await rig.alerts.add(alertJob('a1', 'aa'), SEALED);
    await expect.poll(() => looks).toBe(1);
    await expect(rig.alerts.addAgain(alertJob('a1', 'aa'), null)).rejects.toMatchObject({
      code: 'not_resendable',
    });
    finish();
    await expect.poll(() => rig.queue.getJobState('a1')).toBe('failed');
    await resend('a1');
    await expect.poll(() => rig.queue.getJobState('a1')).toBe('completed');
  });
});

describe('a resend of an alert that was not sent in the full form', () => {
  it('keeps that form, in which parts may have arrived', async () => {
    const form = { simplicity: 1, withoutTopic: false } as const;
    const forms: unknown[] = [];
    await rig.work(async (job) => {
      forms.push(job.form);
      if (forms.length === 1) return { kind: 'defer', ms: 0, called: false, form };
      return forms.length === 2 ? FAILED : DELIVERED;
    });
    await rig.alerts.add(alertJob('a1', 'a1'), SEALED);
    await expect.poll(() => rig.queue.getJobState('a1'), { timeout: 10_000 }).toBe('failed');
    await resend('a1');
    await expect.poll(() => rig.queue.getJobState('a1'), { timeout: 10_000 }).toBe('completed');
    expect(forms).toEqual([undefined, form, form]);
  });
});
