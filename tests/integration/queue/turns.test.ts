import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPace } from '../../../src/queue/pace.ts';
import { alertJob } from '../../support/dispatch.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createTurnRig, type TurnRig } from './turn-rig.ts';

let server: TestRedis;
let rig: TurnRig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

const HIGH = { priority: 'high' } as const;
const names = (chat: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${chat}${from + index}`);

describe('the turns of the chats', () => {
  it('let a high alert go before the waiting ones of its chat, also when high ones were sent long before', async () => {
    rig = await createTurnRig(server);
    for (const id of names('h', 1, 6)) await rig.add(id, 'aa', HIGH);
    await rig.sendAll();
    // The queue was empty: the clock starts anew, below the turns of those that were sent.
    for (const id of names('a', 1, 3)) await rig.add(id, 'aa');
    await rig.add('h7', 'aa', HIGH);
    await rig.add('h8', 'aa', HIGH);
    expect(await rig.sendAll()).toEqual(['h7', 'a1', 'h8', 'a2', 'a3']);
  });

  it('give a high alert that is sent again by hand the next turn of the high ones of its chat', async () => {
    rig = await createTurnRig(server);
    await rig.add('h1', 'aa', HIGH);
    for (const id of names('a', 1, 3)) await rig.add(id, 'aa');
    await rig.dispatch.discard('h1');
    await rig.add('h1', 'aa', HIGH);
    expect(await rig.sendAll()).toEqual(['a1', 'h1', 'a2', 'a3']);
  });

  it('stay in order when an alert is put off and comes back', async () => {
    rig = await createTurnRig(server);
    for (const id of names('a', 1, 3)) await rig.add(id, 'aa');
    for (const id of names('b', 1, 2)) await rig.add(id, 'bb');
    expect(await rig.defer(300)).toBe('a1');
    expect([await rig.send(), await rig.send()]).toEqual(['b1', 'b2']);
    expect(await rig.sendAll()).toEqual(['a1', 'a2', 'a3']);
  });

  it('are not spent by alerts that were removed', async () => {
    rig = await createTurnRig(server);
    for (const id of names('a', 1, 4)) await rig.add(id, 'aa');
    await rig.add('b1', 'bb');
    await rig.dispatch.discard('a1', 'a3');
    expect(await rig.sendAll()).toEqual(['b1', 'a2', 'a4']);
  });
});

describe('scheduled alerts', () => {
  it('wait for their time, then take turns with the others instead of going first', async () => {
    rig = await createTurnRig(server);
    const deliverAt = Date.now() + 150;
    for (const id of names('s', 1, 4)) await rig.add(id, 'cc', { deliverAt });
    for (const id of names('a', 1, 4)) await rig.add(id, 'aa');
    expect(await rig.send()).toBe('a1');
    await expect.poll(() => Date.now()).toBeGreaterThan(deliverAt);
    const rest = await rig.sendAll();
    expect(rest.filter((id) => id.startsWith('s'))).toEqual(names('s', 1, 4));
    expect(rest.filter((id) => id.startsWith('a'))).toEqual(names('a', 2, 4));
    // One of each in turn: after any number of sends the two differ by at most one or two.
    for (let count = 1; count <= 6; count += 1) {
      const scheduled = rest.slice(0, count).filter((id) => id.startsWith('s')).length;
      expect(Math.abs(2 * scheduled - count)).toBeLessThanOrEqual(2);
    }
  });

  it('that are high go before what waits of their chat, without stopping other chats', async () => {
    rig = await createTurnRig(server);
    const deliverAt = Date.now() + 60;
    await rig.add('s1', 'aa', { deliverAt, ...HIGH });
    for (const id of names('a', 1, 3)) await rig.add(id, 'aa');
    for (const id of names('b', 1, 3)) await rig.add(id, 'bb');
    await expect.poll(() => Date.now()).toBeGreaterThan(deliverAt);
    const sent = await rig.sendAll();
    expect(sent.filter((id) => !id.startsWith('b'))).toEqual(['s1', 'a1', 'a2', 'a3']);
    // A chat has two shares at most.
    expect(sent.indexOf('b1')).toBeLessThanOrEqual(2);
  });

  it('whose time has passed already are added like others', async () => {
    rig = await createTurnRig(server);
    await rig.add('a1', 'aa');
    await rig.add('a2', 'aa', { deliverAt: Date.now() - 1_000 });
    await rig.add('b1', 'bb', { deliverAt: Date.now() });
    expect(await rig.sendAll()).toEqual(['a1', 'b1', 'a2']);
  });

  it('that are due by the thousand get their turns with a few looks', async () => {
    rig = await createTurnRig(server);
    const deliverAt = Date.now() + 300;
    await Promise.all(names('s', 1, 2_000).map((id) => rig.add(id, id, { deliverAt })));
    for (const id of names('a', 1, 3)) await rig.add(id, 'aa');
    await expect.poll(() => Date.now()).toBeGreaterThan(deliverAt);
    let looks = 0;
    const { reserve } = rig.places;
    rig.places.reserve = (reservations) => {
      looks += 1;
      return reserve(reservations);
    };
    const sent = [await rig.send(), await rig.send()];
    expect(looks).toBeLessThanOrEqual(2_000 / 200 + 1);
    // They queue up behind what was there.
    expect(sent[0]).toBe('a1');
    expect((await rig.sendAll()).concat(sent as string[])).toHaveLength(2_003);
  }, 60_000);
});

describe('past the highest turn', () => {
  it('alerts go plain first in, first out, each chat in its order, until the queue is empty', async () => {
    rig = await createTurnRig(server, 3);
    for (const id of names('a', 1, 6)) await rig.add(id, 'aa');
    for (const id of names('b', 1, 3)) await rig.add(id, 'bb');
    for (const id of names('a', 7, 9)) await rig.add(id, 'aa');
    expect(await rig.sendAll()).toEqual([
      'a1',
      'b1',
      'a2',
      'b2',
      ...names('a', 3, 6),
      'b3',
      ...names('a', 7, 9),
    ]);
    for (const id of names('a', 1, 2)) await rig.add(`again-${id}`, 'aa');
    await rig.add('again-b1', 'bb');
    expect(await rig.sendAll()).toEqual(['again-a1', 'again-b1', 'again-a2']);
  });
});

describe('when the clock of Redis was set back', () => {
  const paceOf = (limits: { sendDelayMs: number; chatDelayMs: number; groupLimitPerMinute: number }) =>
    createPace({
      redis: rig.redis,
      prefix: rig.dispatch.prefix,
      ...limits,
      dropAbandoned: async () => false,
    });
  const key = (name: string) => `${rig.dispatch.prefix}:dispatch:${name}`;

  it('neither the queue nor a chat waits for the old time', async () => {
    rig = await createTurnRig(server);
    await rig.add('a1', 'aa');
    const ahead = Date.now() + 3_600_000;
    await rig.redis.hset(key('pace'), 'last', String(ahead));
    await rig.redis.hset(key('gate:aa'), 'at', String(ahead));
    const pace = paceOf({ sendDelayMs: 100, chatDelayMs: 1_000, groupLimitPerMinute: 0 });
    const turn = await pace.take(alertJob('a1', 'aa'));
    expect(turn.kind === 'go' ? turn.waitMs : turn.ms).toBeLessThanOrEqual(1_000);
  });

  it('a group waits for a minute at most', async () => {
    rig = await createTurnRig(server);
    await rig.add('a1', 'aa', { isGroup: true });
    await rig.redis.lpush(key('sent:aa'), String(Date.now() + 3_600_000));
    const pace = paceOf({ sendDelayMs: 0, chatDelayMs: 0, groupLimitPerMinute: 1 });
    const turn = await pace.take(alertJob('a1', 'aa', { isGroup: true }));
    expect(turn.kind === 'defer' && turn.ms).toBeLessThanOrEqual(60_000);
  });
});
