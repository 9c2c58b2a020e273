import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { alertJob, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const HOUR_MS = 3_600_000;
const LIMITS = { sendDelayMs: 34, chatDelayMs: 5_000, groupLimitPerMinute: 2 };
const FLOOD_WAIT_MS = 5_000;
/** Between two looks, and by how much the second must be nearer to the end at least; in ms. */
const LOOK_MS = 300;
const NEARER_MS = 200;

let server: TestRedis;
let rig: EngineRig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

const take = async (id: string, isGroup = false) => {
  const turn = await rig.pace.take(alertJob(id, 'aa', { isGroup }));
  return turn.kind === 'go' ? 0 : turn.ms;
};

/** Two alerts of a chat; the first has been sent and has left. */
async function open(options: Partial<typeof LIMITS>, isGroup = false): Promise<void> {
  rig = await openEngineRig(server, options);
  for (const id of ['a1', 'a2']) await rig.alerts.add(alertJob(id, 'aa', { isGroup }), SEALED);
  expect(await rig.pace.take(alertJob('a1', 'aa', { isGroup }))).toMatchObject({ kind: 'go' });
  await rig.discard('a1');
}

async function expectToEnd(isGroup = false): Promise<void> {
  const first = await take('a2', isGroup);
  expect(first).toBeGreaterThan(LOOK_MS);
  await sleep(LOOK_MS);
  expect(await take('a2', isGroup)).toBeLessThanOrEqual(first - NEARER_MS);
}

describe('after a clock was set back by an hour a wait comes nearer to its end with each look', () => {
  it("where it is the chat's delay", async () => {
    await open({ chatDelayMs: LIMITS.chatDelayMs, sendDelayMs: LIMITS.sendDelayMs });
    await rig.fast.hincrby(rig.keys.gate('aa'), 'at', HOUR_MS);
    await expectToEnd();
  });

  it("where it is a group's limit per minute", async () => {
    await open({ groupLimitPerMinute: LIMITS.groupLimitPerMinute }, true);
    const ahead = Date.now() + HOUR_MS;
    await rig.fast.del(rig.keys.sent('aa'));
    await rig.fast.rpush(rig.keys.sent('aa'), ahead, ahead - 1_000);
    await expectToEnd(true);
  });

  it("where it is the chat's flood wait", async () => {
    await open({});
    await rig.pace.block('aa', FLOOD_WAIT_MS);
    await rig.fast.hincrby(rig.keys.gate('aa'), 'until', HOUR_MS);
    await expectToEnd();
  });

  it("where it is the bot's flood wait", async () => {
    await open({});
    for (const chat of ['bb', 'cc']) await rig.pace.block(chat, FLOOD_WAIT_MS);
    await rig.fast.hincrby(rig.keys.pace, 'until', HOUR_MS);
    await expectToEnd();
  });
});
