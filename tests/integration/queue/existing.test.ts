import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertJob, type EngineRig, FAILED, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const ALERTS = 1_000;

let server: TestRedis;
let rig: EngineRig;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  rig = await openEngineRig(server, { maxPending: ALERTS });
});
afterEach(() => rig.close());
afterAll(() => server.stop());

/** How often each command ran since the statistics were reset, also within scripts. */
async function calls(): Promise<Record<string, number>> {
  const stats = await rig.fast.info('commandstats');
  const lines = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
  return Object.fromEntries(lines.map(([, command, count]) => [command, Number(count)]));
}

describe('what the queue still holds', () => {
  it('is asked of the sets and not job by job: 1,000 queued alerts take 10 commands', async () => {
    const ids = Array.from({ length: ALERTS }, (_, index) => `a${index}`);
    const deliverAt = Date.now() + 3_600_000;
    // Half of them are scheduled.
    await Promise.all(
      ids.map((id, index) =>
        rig.alerts.add(alertJob(id, `chat${index % 10}`, index % 2 === 0 ? { deliverAt } : {}), SEALED),
      ),
    );
    await rig.fast.config('RESETSTAT');
    expect(await rig.alerts.existing(ids)).toEqual(new Set(ids));
    const { zmscore = 0, config: _, info: __, ...others } = await calls();
    expect(zmscore).toBe(10);
    // A connection may say something of its own.
    expect(Object.values(others).reduce((sum, count) => sum + count, 0)).toBeLessThan(20);
  });

  it('is what waits or is in hand, and nothing that has ended or never was', async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let looks = 0;
    await rig.alerts.add(alertJob('is ended', 'aa'), SEALED);
    await rig.alerts.add(alertJob('is active', 'bb'), SEALED);
    await rig.work(async () => {
      looks += 1;
      if (looks > 1) await finished;
      return FAILED;
    });
    await expect.poll(() => looks).toBe(2);
    await rig.alerts.add(alertJob('is waiting', 'cc'), SEALED);
    await rig.alerts.add(alertJob('is scheduled', 'cc', { deliverAt: Date.now() + 3_600_000 }), SEALED);
    const held = await rig.alerts.existing([
      'is ended',
      'is active',
      'is waiting',
      'is scheduled',
      'is unknown',
    ]);
    expect([...held].sort()).toEqual(['is active', 'is scheduled', 'is waiting']);
    finish();
  });
});
