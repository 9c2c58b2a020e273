import { afterAll, beforeAll, expect, it } from 'vitest';
import { fuzz } from '../../support/fuzz/fuzz.ts';
import { allTargets } from '../../support/fuzz/targets.ts';
import { createWorld, type World } from '../../support/fuzz/world.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

/** Requests of each operation; `npm run fuzz` sends 10,000. */
const EACH = 16;

let redis: TestRedis;
let world: World;
beforeAll(async () => {
  redis = await startTestRedis();
  world = await createWorld(redis);
});
afterAll(async () => {
  await world.stop();
  await redis.stop();
});

it('answers whatever is sent to any operation of its document, and with nothing that the document does not know', async () => {
  const faults: string[] = [];
  const unreached: string[] = [];
  for (const target of allTargets()) {
    const fuzzed = await fuzz(world, target, EACH, 14);
    faults.push(...fuzzed.faults);
    if (![...fuzzed.statuses.keys()].some((status) => status < 300)) unreached.push(target.name);
  }
  expect(faults.slice(0, 5)).toEqual([]);
  // A new operation needs what world.ts prepares for it.
  expect(unreached).toEqual([]);
}, 60_000);
