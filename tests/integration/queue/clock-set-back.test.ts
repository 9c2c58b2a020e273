import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { alertJob, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const HOUR_MS = 3_600_000;
const CHAT_DELAY_MS = 1_000;
const MINUTE_MS = 60_000;
const FLOOD_WAIT_MS = 5_000;

let server: TestRedis;
let rig: EngineRig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

const alert = (id: string, isGroup = false) => alertJob(id, 'aa', { isGroup });

/** Three alerts of a chat, of which the first has been sent. */
async function open(options: Parameters<typeof openEngineRig>[1], isGroup = false): Promise<void> {
  rig = await openEngineRig(server, options);
  for (const id of ['a1', 'a2', 'a3']) await rig.alerts.add(alert(id, isGroup), SEALED);
  expect(await rig.pace.take(alert('a1', isGroup))).toMatchObject({ kind: 'go' });
}

/** Moves a time that Redis knows as far ahead as a clock that is set back by an hour does. */
const ahead = (key: string, field: string) => rig.fast.hincrby(key, field, HOUR_MS);

const waitOf = (turn: Awaited<ReturnType<EngineRig['pace']['take']>>) =>
  turn.kind === 'go' ? turn.waitMs : turn.ms;

describe('a clock that was set back by an hour', () => {
  it('puts a chat off by its delay at most', async () => {
    await open({ chatDelayMs: CHAT_DELAY_MS });
    await ahead(rig.keys.gate('aa'), 'at');
    const next = await rig.places.leave(alert('a1'), 0);
    expect(next?.alertId).toBe('a2');
    expect(next?.ms).toBeLessThanOrEqual(CHAT_DELAY_MS);
    expect(waitOf(await rig.pace.take(alert('a2')))).toBeLessThanOrEqual(CHAT_DELAY_MS);
  });

  it('puts a group off by a minute at most', async () => {
    await open({ groupLimitPerMinute: 1 }, true);
    const [at] = await rig.fast.lrange(rig.keys.sent('aa'), 0, 0);
    await rig.fast.lset(rig.keys.sent('aa'), 0, Number(at) + HOUR_MS);
    const next = await rig.places.leave(alert('a1', true), 0);
    expect(next?.ms).toBeLessThanOrEqual(MINUTE_MS);
    expect(waitOf(await rig.pace.take(alert('a2', true)))).toBeLessThanOrEqual(MINUTE_MS);
  });

  it('puts the queue off by its delay at most', async () => {
    await open({ sendDelayMs: 34 });
    await ahead(rig.keys.pace, 'last');
    await rig.discard('a1');
    const turn = await rig.pace.take(alert('a2'));
    expect(turn.kind).toBe('go');
    expect(waitOf(turn)).toBeLessThanOrEqual(34);
  });

  it("puts a chat off by its flood wait's length at most", async () => {
    await open({});
    await rig.pace.block('aa', FLOOD_WAIT_MS);
    await ahead(rig.keys.gate('aa'), 'until');
    const next = await rig.places.leave(alert('a1'), 0);
    expect(next?.ms).toBeLessThanOrEqual(FLOOD_WAIT_MS);
    const turn = await rig.pace.take(alert('a2'));
    expect(turn.kind).toBe('defer');
    expect(waitOf(turn)).toBeLessThanOrEqual(FLOOD_WAIT_MS);
  });

  it("puts the bot off by its flood wait's length at most", async () => {
    await open({});
    await rig.pace.block('aa', FLOOD_WAIT_MS);
    expect(await rig.pace.block('bb', FLOOD_WAIT_MS)).toBe('suspected');
    await ahead(rig.keys.pace, 'until');
    const turn = await rig.pace.take(alert('a1'));
    expect(turn.kind).toBe('paused');
    expect(waitOf(turn)).toBeLessThanOrEqual(FLOOD_WAIT_MS);
  });
});
