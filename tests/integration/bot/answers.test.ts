import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAnswerPace } from '../../../src/queue/answer-pace.ts';
import { ANN, type BotRig, createBotRig, eventually, GROUP, JOSE } from '../../support/bot-rig.ts';
import { type EngineRig, openEngineRig } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const TIMES = 200;
const WATCH_MS = 5_000;
/** What timers, and the clocks of two processes in whole ms, may be early by. */
const TIMER_MS = 5;

let server: TestRedis;
let engine: EngineRig;
let rig: BotRig;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  engine = await openEngineRig(server);
  const { fast: redis, prefix } = engine;
  rig = await createBotRig({ answerPace: createAnswerPace({ redis, prefix, groupLimitPerMinute: 20 }) });
  rig.double.addChat({ id: GROUP, type: 'group', title: 'Team' });
  rig.double.addMember(GROUP, JOSE);
});
afterEach(async () => {
  await rig.close();
  await engine.close();
});
afterAll(() => server.stop());

const sends = (chatId: number) =>
  rig.double.calls.filter((call) => call.method === 'sendMessage' && call.chatId === chatId);

describe('the answers to commands', () => {
  it('are few however often a member of a group asks, and nobody else waits for them', async () => {
    rig.poller().start();
    const askedAt = performance.timeOrigin + performance.now();
    for (let times = 0; times < TIMES; times += 1) rig.double.userSends(GROUP, '/help', JOSE);
    const began = performance.now();
    rig.double.userSends(ANN.id, '/id');
    await rig.botSays(ANN.id);
    expect(performance.now() - began).toBeLessThan(3_000);
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS - (performance.now() - began)));
    expect(sends(GROUP).length).toBeLessThanOrEqual(6);
    // Each has its second. An arrival may come late, and the next one then soon after it, but none before its turn.
    for (const [nth, { at }] of sends(GROUP).entries())
      expect(at - askedAt).toBeGreaterThanOrEqual(nth * 1_000 - TIMER_MS);
    expect(rig.double.pendingUpdates).toBe(0);
    expect(rig.log.filter(({ message }) => message.includes('without an answer'))).toHaveLength(1);
    expect(rig.log.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('come at once to a person who types what people type', async () => {
    rig.poller().start();
    for (const [index, command] of ['/start', '/id', '/help'].entries()) {
      const before = performance.now();
      rig.double.userSends(ANN.id, command);
      await rig.botSays(ANN.id, index + 1);
      expect(performance.now() - before).toBeLessThan(700);
    }
  });

  it('are for the first few commands of a burst, and for the newest', async () => {
    rig.poller().start();
    await rig.activeChat(ANN);
    for (let nth = 0; nth < 40; nth += 1) rig.double.userSends(ANN.id, `/revoke <${nth}>`);
    await eventually(() => rig.double.pendingUpdates === 0);
    const answered = rig.double
      .messages(ANN.id)
      .filter(({ from }) => from?.id === rig.double.bot.id)
      .map(({ text }) => Number(/<(\d+)>/.exec(text ?? '')?.[1]));
    expect(answered.at(-1)).toBe(39);
    expect(answered.slice(0, 3)).toEqual([0, 1, 2]);
    expect(answered.length).toBeLessThanOrEqual(6);
  });
});
