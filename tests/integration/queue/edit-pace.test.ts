import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createEditPace } from '../../../src/queue/edit-pace.ts';
import type { EditPace } from '../../../src/services/ports/incidents.ts';
import { type EngineRig, openEngineRig } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const LIMIT = 20;
const MINUTE_MS = 60_000;
/** Longer than any step of a test takes, in ms. */
const SLACK_MS = 20_000;

let server: TestRedis;
let rig: EngineRig;
let pace: EditPace;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  rig = await openEngineRig(server, { groupLimitPerMinute: LIMIT });
  pace = createEditPace({ redis: rig.fast, prefix: rig.prefix, groupLimitPerMinute: LIMIT });
});
afterEach(() => rig.close());
afterAll(() => server.stop());

const take = (incidentId: string, chat = 'aa', isGroup = false) => pace.take({ incidentId, chat, isGroup });

it('one message is edited once a second, whoever asks; others are not held up by it', async () => {
  // Redis's clock counts: the message was edited at a moment that is still to come.
  expect(await take('one')).toBe(0);
  await rig.fast.set(rig.keys.edited('one'), Date.now() + SLACK_MS);
  const wait = await take('one');
  expect(wait).toBeGreaterThan(900);
  expect(wait).toBeLessThanOrEqual(1_000);
  expect(await take('two')).toBe(0);
});

it('a group’s messages are edited 20 times a minute, those of others are not held up by it', async () => {
  for (let n = 0; n < LIMIT; n += 1) expect(await take(`i${n}`, 'group', true)).toBe(0);
  const wait = await take('more', 'group', true);
  expect(wait).toBeGreaterThan(MINUTE_MS - SLACK_MS);
  expect(wait).toBeLessThanOrEqual(MINUTE_MS);
  expect(await take('another', 'other', true)).toBe(0);
  expect(await take('private', 'private')).toBe(0);
  // The oldest is a minute ago: there is room for one.
  await rig.fast.lset(rig.keys.edits('group'), LIMIT - 1, Date.now() - MINUTE_MS);
  expect(await take('more', 'group', true)).toBe(0);
  expect(await take('still more', 'group', true)).toBeGreaterThan(MINUTE_MS - SLACK_MS);
});

it.each(['gate', 'pace'] as const)('a flood wait (%s) holds edits back', async (of) => {
  const key = of === 'gate' ? rig.keys.gate('aa') : rig.keys.pace;
  await rig.fast.hset(key, { until: Date.now() + MINUTE_MS, wait: MINUTE_MS });
  expect(await take('one')).toBeGreaterThan(MINUTE_MS - SLACK_MS);
  if (of === 'gate') expect(await take('two', 'bb')).toBe(0);
  else expect(await take('two', 'bb')).toBeGreaterThan(MINUTE_MS - SLACK_MS);
  await rig.fast.del(key);
  expect(await take('one')).toBe(0);
});
