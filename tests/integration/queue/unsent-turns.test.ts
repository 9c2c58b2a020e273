import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createTurnRig, type TurnRig } from './turn-rig.ts';

let server: TestRedis;
let rig: TurnRig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

const names = (chat: string, count: number) => Array.from({ length: count }, (_, index) => `${chat}${index}`);

it.each(['normal', 'high'] as const)(
  'a chat whose 100 %s alerts left unsent (revoked) is not put behind 100 of another chat',
  async (priority) => {
    rig = await createTurnRig(server);
    const unsent = names('revoked', 100);
    await Promise.all(unsent.map((id) => rig.add(id, 'aa', { priority })));
    for (const id of ['b0', 'b1']) await rig.add(id, 'bb', { priority });
    await rig.dispatch.discard(...unsent);
    await rig.add('next', 'aa', { priority });
    await Promise.all(names('c', 100).map((id) => rig.add(id, 'bb', { priority })));
    const sent = await rig.sendAll();
    expect(sent).toHaveLength(103);
    // Those of the other chat's turns that were given before it, and no more.
    expect(sent.slice(0, 3).sort()).toEqual(['b0', 'b1', 'next']);
  },
);
