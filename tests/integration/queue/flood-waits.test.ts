import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endFloodWait, readFloodWait } from '../../../src/queue/pace.ts';
import { alertJob, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SECONDS_MS = 5_000;

let server: TestRedis;
let rig: EngineRig;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  rig = await openEngineRig(server);
  for (const chat of ['aa', 'bb', 'cc', 'dd', 'ee']) await rig.alerts.add(alertJob(chat, chat), SEALED);
});
afterEach(() => rig.close());
afterAll(() => server.stop());

const take = (chat: string) => rig.pace.take(alertJob(chat, chat));
const state = () => readFloodWait(rig.fast, rig.prefix);
/** How long all pause, in ms; 0: they do not. */
const pauseMs = async () => Math.max(0, ((await state())?.until ?? 0) - Date.now());
/** As if the pause had passed. */
const pass = () => rig.fast.hset(rig.keys.pace, 'until', Date.now() - 1);

/** Two chats were told to wait for an hour, one after the other. */
async function suspect(ms = HOUR_MS): Promise<void> {
  expect(await rig.pace.block('aa', ms)).toBe('chat');
  expect(await rig.pace.block('bb', ms)).toBe('suspected');
}

/** Another chat is tried after the pause, and told to wait, too. */
async function confirm(chat = 'cc', ms = HOUR_MS): Promise<void> {
  await pass();
  expect(await take(chat)).toMatchObject({ kind: 'go', isFlooded: true });
  expect(await rig.pace.block(chat, ms)).toBe('bot');
}

describe('two chats that are told to wait for an hour, with no delivery between', () => {
  beforeEach(() => suspect());

  it('cost the others seconds; then one other chat is tried, and nobody else meanwhile', async () => {
    expect(await take('cc')).toMatchObject({ kind: 'paused' });
    expect(await pauseMs()).toBeLessThanOrEqual(SECONDS_MS);
    expect((await state())?.scope).toBe('suspected');
    await pass();
    for (const chat of ['aa', 'bb']) expect(await take(chat)).toMatchObject({ kind: 'defer' });
    expect(await take('cc')).toMatchObject({ kind: 'go', isFlooded: true });
    expect(await take('dd')).toMatchObject({ kind: 'paused' });
  });

  it('wait alone once another was delivered to', async () => {
    await pass();
    await take('cc');
    expect(await rig.pace.answered()).toBe('suspected');
    expect(await state()).toBeNull();
    expect(await take('dd')).toMatchObject({ kind: 'go', isFlooded: false });
    for (const chat of ['aa', 'bb']) {
      const turn = await take(chat);
      expect(turn.kind === 'defer' && turn.ms).toBeGreaterThan(HOUR_MS - MINUTE_MS);
    }
  });

  it('mean the whole bot once a third one is told so, for growing pauses of a minute at most', async () => {
    await confirm('cc');
    const pauses = [await pauseMs()];
    for (let tries = 0; tries < 5; tries += 1) {
      await rig.fast.del(rig.keys.gate('dd'));
      await confirm('dd');
      pauses.push(await pauseMs());
    }
    expect(pauses.map((ms) => Math.round(ms / 1_000))).toEqual([10, 20, 40, 60, 60, 60]);
    expect((await state())?.scope).toBe('bot');
  });

  it('count no chat that was told so while the pause lasted: its send began before', async () => {
    expect(await rig.pace.block('cc', HOUR_MS)).toBe('suspected');
    expect(await pauseMs()).toBeLessThanOrEqual(SECONDS_MS);
  });

  it('try the next where the one that was tried did not answer for 5 s', async () => {
    await pass();
    expect(await take('cc')).toMatchObject({ kind: 'go' });
    expect(await pauseMs()).toBeLessThanOrEqual(SECONDS_MS);
    await pass();
    expect(await take('dd')).toMatchObject({ kind: 'go', isFlooded: true });
  });

  it('do not stop a suspicion from being lifted by an operator', async () => {
    await confirm('cc');
    expect(await endFloodWait(rig.fast, rig.prefix)).toBe('bot');
    expect(await take('dd')).toMatchObject({ kind: 'go', isFlooded: false });
    // Telegram's word to this chat holds.
    expect(await take('cc')).toMatchObject({ kind: 'defer' });
  });
});

it('a chat that is told to wait again and again proves nothing about the others', async () => {
  await suspect(1);
  await pass();
  await expect.poll(() => take('aa')).toMatchObject({ kind: 'go' });
  expect(await rig.pace.block('aa', HOUR_MS)).toBe('suspected');
  expect(await pauseMs()).toBe(0);
  expect(await take('cc')).toMatchObject({ kind: 'go' });
});

it('a delivery between two chats that are told to wait keeps the bot from being suspected', async () => {
  await rig.pace.block('aa', HOUR_MS);
  expect(await take('cc')).toMatchObject({ kind: 'go', isFlooded: true });
  expect(await rig.pace.answered()).toBe('chat');
  expect(await rig.pace.block('bb', HOUR_MS)).toBe('chat');
  expect(await take('dd')).toMatchObject({ kind: 'go' });
});

it("ends the hour's pause that an earlier version left within a minute", async () => {
  await rig.fast.hset(rig.keys.pace, 'until', Date.now() + HOUR_MS, 'wait', HOUR_MS);
  const turn = await take('cc');
  expect(turn.kind === 'paused' && turn.ms).toBeLessThanOrEqual(MINUTE_MS);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const next = await take('cc');
  expect(next.kind === 'paused' && turn.kind === 'paused' && next.ms).toBeLessThan(MINUTE_MS - 10);
});
