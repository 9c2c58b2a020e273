import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createTurnRig, type TurnRig } from './turn-rig.ts';

const CHATS = 400;

/** Very unequal: most chats have one alert, a few have hundreds. */
const loadOf = (chat: number): number => (chat % 80 === 0 ? 150 : chat % 10 === 0 ? 5 : 1);

describe('400 chats of very unequal load', () => {
  let server: TestRedis;
  let rig: TurnRig;
  beforeAll(async () => {
    server = await startTestRedis();
    rig = await createTurnRig(server);
  });
  afterAll(async () => {
    await rig.close();
    await server.stop();
  });

  it('no chat waits longer than its turns: the k-th alert of each is sent within the k-th round', async () => {
    // The busy ones come first, each with all that it has.
    const chats = Array.from({ length: CHATS }, (_, chat) => chat).sort((a, b) => loadOf(b) - loadOf(a));
    const chatOf = new Map<string, number>();
    for (const chat of chats) {
      const alerts = Array.from({ length: loadOf(chat) }, (_, index) => `c${chat}-${index}`);
      for (const id of alerts) chatOf.set(id, chat);
      await Promise.all(alerts.map((id) => rig.add(id, chat.toString(16))));
    }
    const sent = await rig.sendAll();
    expect(sent).toHaveLength(chatOf.size);

    /** How many are sent until the end of each round, in which every chat that has something left is sent to once. */
    const byRound = [0];
    for (let round = 1; round <= Math.max(...chats.map(loadOf)); round += 1)
      byRound.push((byRound.at(-1) ?? 0) + chats.filter((one) => loadOf(one) >= round).length);
    const count = new Map<number, number>();
    sent.forEach((id, place) => {
      const chat = chatOf.get(id) ?? -1;
      const turn = (count.get(chat) ?? 0) + 1;
      count.set(chat, turn);
      expect(id).toBe(`c${chat}-${turn - 1}`);
      expect(place).toBeLessThan(byRound[turn] ?? 0);
    });
  }, 60_000);
});
