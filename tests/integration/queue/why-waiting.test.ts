import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWhyWaiting } from '../../../src/queue/why-waiting.ts';
import { alertJob, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const CHAT_DELAY_MS = 30_000;
const FLOOD_WAIT_MS = 60_000;
/** How long all pause where the bot is suspected, in ms (lua/block.lua). */
const PAUSE_MS = 5_000;
/** How much later than by the test's clock something may have happened in Redis, in ms. */
const SLACK_MS = 10_000;

let server: TestRedis;
let rig: EngineRig;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  rig = await openEngineRig(server, { chatDelayMs: CHAT_DELAY_MS });
});
afterEach(() => rig.close());
afterAll(() => server.stop());

/** Why an alert of this chat waits. */
async function why(chat = 'aa', deliverAt: number | null = null) {
  const { fast: redis, queue, prefix } = rig;
  const whyWaiting = createWhyWaiting({ redis, queue, prefix, chatDelayMs: CHAT_DELAY_MS });
  const [reason] = await whyWaiting([{ id: 'a', chat, deliverAt }]);
  return reason;
}

it('tells no later time because the clock was set back', async () => {
  await rig.alerts.add(alertJob('a1', 'aa'), SEALED);
  await rig.pace.block('aa', FLOOD_WAIT_MS);
  await rig.fast.hincrby(rig.keys.gate('aa'), 'until', 3_600_000);
  const reason = await why();
  expect(reason?.kind).toBe('flood_wait');
  expect(reason && 'until' in reason && reason.until).toBeLessThanOrEqual(Date.now() + FLOOD_WAIT_MS);
});

/** Sends an alert of chat aa. */
async function send(): Promise<void> {
  await rig.alerts.add(alertJob('a1', 'aa'), SEALED);
  expect(await rig.pace.take(alertJob('a1', 'aa'))).toMatchObject({ kind: 'go' });
}

async function expectUntil(kind: string, from: number, chat = 'aa'): Promise<void> {
  const reason = await why(chat);
  expect(reason?.kind).toBe(kind);
  // Redis may round a millisecond down.
  expect(reason?.until).toBeGreaterThanOrEqual(from - 1);
  expect(reason?.until).toBeLessThan(from + SLACK_MS);
}

describe('an alert waits', () => {
  it('for its turn, where nothing else holds it up', async () => {
    expect(await why()).toEqual({ kind: 'turn' });
    // Another chat's send and flood wait do not concern it.
    await send();
    await rig.pace.block('aa', FLOOD_WAIT_MS);
    expect(await why('bb')).toEqual({ kind: 'turn' });
  });

  it("for its chat's pace, after a send to it", async () => {
    const from = Date.now();
    await send();
    await expectUntil('chat_pace', from + CHAT_DELAY_MS);
  });

  it("for the end of its chat's flood wait, which is before the chat's pace", async () => {
    await send();
    const from = Date.now();
    await rig.pace.block('aa', FLOOD_WAIT_MS);
    await expectUntil('flood_wait', from + FLOOD_WAIT_MS);
  });

  it("for the end of the bot's flood wait, whatever its chat", async () => {
    await rig.pace.block('aa', FLOOD_WAIT_MS);
    const from = Date.now();
    expect(await rig.pace.block('bb', FLOOD_WAIT_MS)).toBe('suspected');
    await expectUntil('bot_flood_wait', from + PAUSE_MS);
    await expectUntil('bot_flood_wait', from + PAUSE_MS, 'cc');
  });

  it('for an operator who paused the queue, whatever else holds it up', async () => {
    for (const chat of ['aa', 'bb']) await rig.pace.block(chat, FLOOD_WAIT_MS);
    await rig.queue.pause();
    expect(await why()).toEqual({ kind: 'paused' });
    await rig.queue.resume();
    expect(await why()).toMatchObject({ kind: 'bot_flood_wait' });
  });

  it('for the time that its sender chose, whatever else holds it up, until that has come', async () => {
    await rig.queue.pause();
    const deliverAt = Date.now() + 60_000;
    expect(await why('aa', deliverAt)).toEqual({ kind: 'scheduled', until: deliverAt });
    expect(await why('aa', Date.now() - 1)).toEqual({ kind: 'paused' });
  });

  it('for a reason of its own each, in the order of the question', async () => {
    await rig.pace.block('aa', FLOOD_WAIT_MS);
    const { fast: redis, queue, prefix } = rig;
    const whyWaiting = createWhyWaiting({ redis, queue, prefix, chatDelayMs: CHAT_DELAY_MS });
    const ask = (id: string, chat: string, deliverAt: number | null = null) => ({ id, chat, deliverAt });
    const later = Date.now() + 60_000;
    const reasons = await whyWaiting([
      ask('a1', 'aa'),
      ask('b1', 'bb'),
      ask('a2', 'aa'),
      ask('b2', 'bb', later),
    ]);
    expect(reasons.map((reason) => reason?.kind)).toEqual(['flood_wait', 'turn', 'flood_wait', 'scheduled']);
    expect(await whyWaiting([])).toEqual([]);
  });
});
