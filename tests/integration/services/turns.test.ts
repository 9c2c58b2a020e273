import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createPace } from '../../../src/queue/pace.ts';
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
  it('let a high alert before the waiting ones of its chat, also when high ones were sent long before', async () => {
    rig = await createTurnRig(server);
    for (const id of names('h', 1, 6)) await rig.add(id, 'aa', HIGH);
    await rig.sendAll();
    // The queue was empty: the clock starts anew, below the turns of those that were sent.
    for (const id of names('a', 1, 3)) await rig.add(id, 'aa');
    await rig.add('h7', 'aa', HIGH);
    await rig.add('h8', 'aa', HIGH);
    expect(await rig.sendAll()).toEqual(['h7', 'h8', 'a1', 'a2', 'a3']);
  });

  it('let a high alert that is sent again by hand before the waiting ones of its chat', async () => {
    rig = await createTurnRig(server);
    await rig.add('h1', 'aa', HIGH);
    for (const id of names('a', 1, 3)) await rig.add(id, 'aa');
    await rig.redis.zrem(`${rig.base}prioritized`, 'h1');
    await rig.redis.zadd(`${rig.base}failed`, Date.now(), 'h1');
    await rig.alerts.requeue('h1');
    expect(await rig.sendAll()).toEqual(['h1', 'a1', 'a2', 'a3']);
  });

  it('stay in order when an alert is put off and comes back', async () => {
    rig = await createTurnRig(server);
    for (const id of names('a', 1, 3)) await rig.add(id, 'aa');
    for (const id of names('b', 1, 2)) await rig.add(id, 'bb');
    expect(await rig.defer(60)).toBe('a1');
    expect([await rig.send(), await rig.send()]).toEqual(['b1', 'b2']);
    expect(await rig.sendAll()).toEqual(['a1', 'a2', 'a3']);
  });

  it('are not spent by alerts that were removed', async () => {
    rig = await createTurnRig(server);
    for (const id of names('a', 1, 4)) await rig.add(id, 'aa');
    await rig.add('b1', 'bb');
    await rig.alerts.remove(['a1', 'a3']);
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
    expect(sent.indexOf('b1')).toBeLessThanOrEqual(1);
  });

  it('whose time has passed already are added like others', async () => {
    rig = await createTurnRig(server);
    await rig.add('a1', 'aa');
    await rig.add('a2', 'aa', { deliverAt: Date.now() - 1_000 });
    await rig.add('b1', 'bb', { deliverAt: Date.now() });
    expect(await rig.sendAll()).toEqual(['a1', 'b1', 'a2']);
  });
});

describe('when the turns come to their end', () => {
  it('they are renumbered: nobody loses a place, whether waiting, put off or being sent', async () => {
    rig = await createTurnRig(server, 12);
    // The queue never runs empty, so the clock is never started anew: 60 alerts need 5 renumberings.
    const sent: (string | undefined)[] = [];
    // Against the alphabet, by which Redis orders equals.
    const blocked = ['c9', 'c8', 'c7', 'c6'];
    for (const id of blocked) await rig.add(id, 'cc');
    expect(await rig.defer(60_000)).toBe('c9');
    for (let index = 1; index <= 30; index += 1) {
      await rig.add(`a${index}`, 'aa');
      await rig.add(`b${index}`, 'bb');
      sent.push(await rig.send(), await rig.send());
    }
    expect(sent.filter((id) => id?.startsWith('a'))).toEqual(names('a', 1, 30));
    expect(sent.filter((id) => id?.startsWith('b'))).toEqual(names('b', 1, 30));
    await rig.release('c9');
    expect(await rig.sendAll()).toEqual(blocked);
    const turn = Number(await rig.redis.hget(`${rig.base}turn`, 'v'));
    expect(turn).toBeLessThanOrEqual(12);
  });
});

describe('when the clock of Redis was set back', () => {
  it('neither the queue nor a chat waits for the old time', async () => {
    rig = await createTurnRig(server);
    await rig.add('a1', 'aa', { isGroup: true });
    const ahead = Date.now() + 3_600_000;
    await rig.redis.hset(`${rig.base}pace`, 'last', String(ahead));
    await rig.redis.hset(`${rig.base}gate:aa`, 'at', String(ahead));
    const pace = createPace({
      redis: rig.redis,
      base: rig.base,
      sendDelayMs: 100,
      chatDelayMs: 1_000,
      groupLimitPerMinute: 0,
    });
    const turn = await pace.take({ alertId: 'a1', chat: 'aa', isGroup: false });
    expect(turn.kind === 'defer' ? turn.deferMs : turn.waitMs).toBeLessThanOrEqual(1_000);
  });

  it('a group waits for a minute at most', async () => {
    rig = await createTurnRig(server);
    await rig.add('a1', 'aa', { isGroup: true });
    await rig.redis.lpush(`${rig.base}sent:aa`, String(Date.now() + 3_600_000));
    const pace = createPace({
      redis: rig.redis,
      base: rig.base,
      sendDelayMs: 0,
      chatDelayMs: 0,
      groupLimitPerMinute: 1,
    });
    const turn = await pace.take({ alertId: 'a1', chat: 'aa', isGroup: true });
    expect(turn.kind === 'defer' && turn.deferMs).toBeLessThanOrEqual(60_000);
  });
});
