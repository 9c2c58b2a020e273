import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAnswerPace } from '../../../src/queue/answer-pace.ts';
import type { AnswerPace } from '../../../src/services/ports/queue.ts';
import { openDispatch } from '../../support/dispatch.ts';
import { alertJob, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const LIMIT = 20;
const LONG_MS = 120_000;

let server: TestRedis;
let rig: EngineRig;
let pace: AnswerPace;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  rig = await openEngineRig(server, { groupLimitPerMinute: LIMIT });
  pace = createAnswerPace({ redis: rig.fast, prefix: rig.prefix, groupLimitPerMinute: LIMIT });
});
afterEach(() => rig.close());
afterAll(() => server.stop());

/** Sends of the group that were `agoMs` ago, as alerts or as answers. */
const past = (key: string, count: number, agoMs: number) =>
  rig.fast.rpush(key, ...Array(count).fill(Date.now() - agoMs));

/** Gives the ms since it was made; Redis's clock, which counts whole ones, may differ by 2. */
const stopwatch = () => {
  const began = performance.now();
  return () => Math.ceil(performance.now() - began) + 2;
};
/** What is left of a wait whose beginning lies at most `agoMs` back, however slow the machine is. */
function expectLeft(ms: unknown, wholeMs: number, agoMs: number): void {
  expect(ms).toBeGreaterThanOrEqual(Math.max(0, wholeMs - agoMs));
  expect(ms).toBeLessThanOrEqual(wholeMs);
}

const alert = (id: string) => alertJob(id, 'aa', { isGroup: true });

describe('an answer', () => {
  it('to a group waits a second for the one before it', async () => {
    const since = stopwatch();
    expect(await pace('aa', true, LONG_MS)).toBe(0);
    expectLeft(await pace('aa', true, LONG_MS), 1_000, since());
  });

  it('in a private chat does not, up to three in a row', async () => {
    const since = stopwatch();
    for (let times = 0; times < 3; times += 1) expect(await pace('pp', false, LONG_MS)).toBe(0);
    expectLeft(await pace('pp', false, LONG_MS), 3_000, since());
  });

  it('that was the last in a row keeps a distance from the next alert', async () => {
    const paced = openDispatch(rig.fast, { prefix: rig.prefix, chatDelayMs: 1_000 });
    const first = alertJob('p1', 'pp');
    await paced.alerts.add(first, SEALED);
    for (let times = 0; times < 2; times += 1) await pace('pp', false, LONG_MS);
    expect(await rig.fast.hget(rig.keys.gate('pp'), 'at')).toBeNull();
    const since = stopwatch();
    await pace('pp', false, LONG_MS);
    const turn = await paced.pace.take(first);
    expectLeft(turn.kind === 'defer' ? turn.ms : turn.kind, 1_000, since());
    expect(await rig.fast.pttl(rig.keys.gate('pp'))).toBeGreaterThan(3_000_000);
    await paced.queue.close();
  });

  it('is one of 5 in a second at most, in all', async () => {
    const since = stopwatch();
    for (const chat of ['a', 'b', 'c', 'd', 'e']) expect(await pace(chat, false, LONG_MS)).toBe(0);
    expectLeft(await pace('f', false, LONG_MS), 1_000, since());
  });

  it("takes one of a group's 20 messages a minute, from the alerts' too", async () => {
    await past(rig.keys.sent('aa'), LIMIT - 1, 5_000);
    await rig.alerts.add(alert('a1'), SEALED);
    expect(await pace('aa', true, LONG_MS)).toBe(0);
    const turn = await rig.pace.take(alert('a1'));
    expect(turn.kind === 'defer' && turn.ms).toBeGreaterThan(50_000);
  });

  it("waits for an alert that took the group's last one, or is dropped where that is too long", async () => {
    await past(rig.keys.sent('aa'), LIMIT - 1, 5_000);
    await rig.alerts.add(alert('a1'), SEALED);
    expect(await rig.pace.take(alert('a1'))).toMatchObject({ kind: 'go' });
    expect(await pace('aa', true, LONG_MS)).toBeGreaterThan(50_000);
    expect(await pace('aa', true, 10_000)).toBe('never');
  });

  it('leaves half of them to the alerts', async () => {
    await past(rig.keys.answered('aa'), LIMIT / 2, 5_000);
    await past(rig.keys.sent('aa'), LIMIT / 2, 5_000);
    await rig.alerts.add(alert('a1'), SEALED);
    expect(await pace('aa', true, 10_000)).toBe('never');
    expect(await rig.pace.take(alert('a1'))).toMatchObject({ kind: 'go' });
  });

  it("is dropped during its chat's flood wait", async () => {
    await rig.pace.block('aa', 3_600_000);
    expect(await pace('aa', true, 10_000)).toBe('never');
    expect(await pace('bb', true, 10_000)).toBe(0);
  });

  it('waits no longer after a clock was set back', async () => {
    await past(rig.keys.answered('aa'), 1, -3_600_000);
    await past(rig.keys.answers, 5, -3_600_000);
    expect(await pace('aa', true, 10_000)).toBeLessThanOrEqual(1_000);
  });
});
