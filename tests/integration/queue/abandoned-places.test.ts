import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alertJob, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
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

const CRASHED = ['x1', 'x2', 'x3', 'x4'];
const take = (id: string) => rig.pace.take(alertJob(id, 'aa'));

/** Places whose jobs were never added, since `ageMs`: four of at once, two of scheduled alerts that became due. */
async function crash(ageMs: number): Promise<void> {
  const since = Date.now() - ageMs;
  for (const id of CRASHED) {
    await rig.places.reserve([{ job: alertJob(id, 'aa'), due: 'now', sealed: SEALED }]);
    await rig.fast.zadd(rig.keys.pending, since, id);
  }
  for (const id of ['s1', 's2']) {
    await rig.places.reserve([{ job: alertJob(id, 'aa'), due: since, sealed: SEALED }]);
    await rig.places.reserve([{ job: alertJob(id, 'aa'), due: 'come', sealed: null }]);
    await rig.fast.zadd(rig.keys.due, since, id);
  }
}

describe('places without jobs at the head of a line', () => {
  it('are all given up with one look once they are older than 3 s', async () => {
    await crash(3_100);
    await rig.alerts.add(alertJob('a1', 'aa'), SEALED);
    expect(await take('a1')).toEqual({ kind: 'go', waitMs: 0, sealed: SEALED, isFlooded: false });
    expect(await rig.holders()).toEqual(['a1']);
    expect(await rig.places.counts()).toEqual({ pending: 1, scheduled: 0 });
  });

  it('are waited for until then: their jobs may be on their way', async () => {
    // So far ahead that no slowness of the test's makes them old.
    await crash(-60_000);
    await rig.alerts.add(alertJob('a1', 'aa'), SEALED);
    expect(await take('a1')).toMatchObject({ kind: 'defer' });
    expect(await rig.holders()).toEqual(['a1', 's1', 's2', ...CRASHED]);
  });

  it('keep theirs where they have a job after all, whatever their age', async () => {
    for (const id of ['a0', 'a1']) await rig.alerts.add(alertJob(id, 'aa'), SEALED);
    await rig.fast.zadd(rig.keys.pending, 1, 'a0');
    expect(await take('a1')).toMatchObject({ kind: 'defer' });
    expect(await rig.holders()).toEqual(['a0', 'a1']);
  });
});
