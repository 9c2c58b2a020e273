import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertJob, type EngineRig, FAILED, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

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

const scheduled = alertJob('late', 'aa', { deliverAt: Date.now() });
const come = () => rig.places.reserve([{ job: scheduled, due: 'come', sealed: null }]);

async function nobodyIsLeft(): Promise<void> {
  expect(await rig.holders()).toEqual([]);
  expect(await rig.places.counts()).toEqual({ pending: 0, scheduled: 0 });
  const left = [rig.keys.line('aa'), rig.keys.held, rig.keys.due, rig.keys.text('late')];
  expect(await rig.fast.exists(...left)).toBe(0);
}

describe('a turn that comes after its alert has left', () => {
  it('is refused and leaves no trace: nothing is in the line or counted, and the clock starts anew', async () => {
    // The clock stands at 3.
    for (const id of ['a1', 'a2', 'a3']) await rig.alerts.add(alertJob(id, 'aa'), SEALED);
    for (const id of ['a1', 'a2', 'a3']) {
      expect(await rig.pace.take(alertJob(id, 'aa'))).toMatchObject({ kind: 'go' });
      await rig.discard(id);
    }
    await rig.places.reserve([{ job: scheduled, due: Date.now(), sealed: SEALED }]);
    expect(await come()).toEqual([{ priority: 3 }]);
    await rig.places.leave(scheduled, 0);
    expect(await come()).toEqual([{ refusal: 'no_place' }]);
    await nobodyIsLeft();
    // 3: the first turn.
    expect(await rig.places.reserve([{ job: alertJob('b1', 'bb'), due: 'now', sealed: SEALED }])).toEqual([
      { priority: 3 },
    ]);
  });

  it('lets the job of a revoked alert end with its next look', async () => {
    await rig.alerts.add({ ...scheduled, deliverAt: Date.now() + 200 }, SEALED);
    // As a revocation between the look for due alerts and their turns.
    await rig.places.leave(scheduled, 0);
    let looks = 0;
    await rig.work(async () => {
      looks += 1;
      return FAILED;
    });
    await expect.poll(() => rig.queue.getJobState('late'), { timeout: 10_000 }).toBe('failed');
    expect(looks).toBe(1);
    await nobodyIsLeft();
  });
});
