import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorAnswer } from '../../../../src/sandbox/bot-api-double.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { buttonData, buttonsIn, createIncidentRig, type IncidentRig, idOf } from './rig.ts';

const HOUR = 3_600_000;
let server: TestRedis;
let rig: IncidentRig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  rig = await createIncidentRig(server);
});
afterEach(async () => {
  const { faults } = rig;
  await rig.close();
  expect(faults).toEqual([]);
});

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 8_000, interval: 25 });
const newest = (of: Parameters<IncidentRig['messages']>[0]) => {
  const message = rig.messages(of).at(-1);
  if (message === undefined) throw new Error('no message yet');
  return message;
};
const keptText = (id: string) => rig.redis.fast.get(rig.keys.shown(id));

describe('an alert without a key that can be acknowledged', () => {
  it('has a button, says who took it, and can be released', async () => {
    const of = await rig.integrate();
    await rig.work();
    const { id } = await rig.plain(of, 'disk full', {
      title: 'db1',
      acknowledge: true,
      url: 'https://x.example',
    });
    await soon(() => expect(buttonsIn(newest(of))).toEqual(['Open', 'Acknowledge']));
    expect(Buffer.byteLength(buttonData(newest(of))[0] ?? '')).toBeLessThanOrEqual(64);
    expect(await rig.entry(of, id)).toMatchObject({ incident: null, acknowledgement: null });

    const pressed = await rig.press(of);
    expect(pressed).toMatchObject({ kind: 'acknowledged', isNew: true, acknowledgement: { by: 'Ada' } });
    await soon(() => expect(newest(of).text).toMatch(/^db1\ndisk full\n👀 Ada, \d\d:\d\d$/));
    expect(buttonsIn(newest(of))).toEqual(['Open', 'Release']);
    expect(await rig.entry(of, id)).toMatchObject({ incident: null, acknowledgement: { by: 'Ada' } });

    expect(await rig.press(of)).toEqual({ kind: 'open', isNew: true });
    await soon(() => expect(newest(of).text).toBe('db1\ndisk full'));
    expect(buttonsIn(newest(of))).toEqual(['Open', 'Acknowledge']);
    expect(await rig.entry(of, id)).toMatchObject({ acknowledgement: null });
    expect(rig.calls('sendMessage')).toHaveLength(1);
  });

  it('has one by the setting of its integration, unless it says otherwise, and costs nothing where neither does', async () => {
    const of = await rig.integrate();
    await rig.work();
    await rig.plain(of, 'plain');
    await soon(() => expect(buttonsIn(newest(of))).toEqual([]));
    expect(await rig.db.knex('Incidents').select()).toEqual([]);
    await rig.db.knex('Integrations').where({ id: of.id }).update({ acknowledge: 1 });
    await rig.plain(of, 'by the setting');
    await soon(() => expect(buttonsIn(newest(of))).toEqual(['Acknowledge']));
    await rig.plain(of, 'but not this one', { acknowledge: false });
    await soon(() => expect(newest(of).text).toBe('but not this one'));
    expect(buttonsIn(newest(of))).toEqual([]);
  });

  it('loses nothing of a text of several messages: the button below the last one says it', async () => {
    const of = await rig.integrate();
    await rig.work();
    await rig.plain(of, `${'a'.repeat(5_000)} end`, { acknowledge: true });
    await soon(() => expect(rig.messages(of)).toHaveLength(2));
    const texts = rig.texts(of);
    await soon(() => expect(rig.messages(of).map(buttonsIn)).toEqual([[], ['Acknowledge']]));
    await soon(async () => {
      const [row] = await rig.db.knex('Incidents').select();
      expect(row?.messageId).toBe(newest(of).message_id);
    });
    await rig.press(of);
    await soon(() =>
      expect(buttonsIn(newest(of))).toEqual([expect.stringMatching(/^👀 Ada, \d\d:\d\d · Release$/)]),
    );
    expect(rig.texts(of)).toEqual(texts);
    await rig.press(of);
    await soon(() => expect(buttonsIn(newest(of))).toEqual(['Acknowledge']));
  });

  it('says it by the button, too, where it went as a file or Redis has lost the text', async () => {
    const of = await rig.integrate();
    await rig.work();
    // Refused as text in every form.
    const refused = errorAnswer(400, 'Bad Request: CHAT_SEND_PLAIN_FORBIDDEN');
    rig.double.fault({ method: 'sendMessage', action: refused, times: 2 });
    await rig.plain(of, 'as a file', { acknowledge: true });
    await soon(() => expect(buttonsIn(newest(of))).toEqual(['Acknowledge']));
    expect(newest(of).document).toBeDefined();
    await soon(async () => expect((await rig.db.knex('Incidents').select())[0]?.messageId).toBe(1));
    await rig.press(of);
    await soon(() => expect(buttonsIn(newest(of))[0]).toMatch(/^👀 Ada/));

    const { id } = await rig.plain(of, 'lost', { acknowledge: true });
    await soon(() => expect(newest(of).text).toBe('lost'));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(2));
    await rig.redis.fast.del(rig.keys.shown(id));
    await rig.press(of);
    await soon(() => expect(buttonsIn(newest(of))[0]).toMatch(/^👀 Ada/));
    expect(newest(of).text).toBe('lost');
    expect(rig.messages(of)).toHaveLength(2);
  });

  it('keeps its text sealed until its buttons are too old, and no longer than its chat takes it', async () => {
    const of = await rig.integrate();
    const { id } = await rig.plain(of, 'vexwordqz', { acknowledge: true });
    expect(await keptText(id)).not.toContain('vexwordqz');
    const ttl = await rig.redis.fast.pttl(rig.keys.shown(id));
    expect(ttl).toBeGreaterThan(47 * HOUR);
    expect(ttl).toBeLessThanOrEqual(48 * HOUR);
    const later = await rig.plain(of, 'later', { acknowledge: true, deliverAt: rig.clock.now() + 24 * HOUR });
    expect(await rig.redis.fast.pttl(rig.keys.shown(later.id))).toBeGreaterThan(71 * HOUR);

    rig.double.fault({
      method: 'sendMessage',
      action: errorAnswer(403, 'Forbidden: bot was blocked by the user'),
    });
    await rig.work();
    await soon(async () => expect(await rig.entry(of, id)).toMatchObject({ status: 'failed' }));
    await soon(async () => expect(await keptText(id)).toBeNull());
  });

  it('is taken back whole where the queue refuses it', async () => {
    const small = await createIncidentRig(server, { MAX_QUEUE_SIZE: '1' });
    const other = await small.integrate();
    await small.plain(other, 'first', { acknowledge: true });
    await expect(small.plain(other, 'second', { acknowledge: true })).rejects.toMatchObject({
      code: 'queue_full',
    });
    expect(await small.db.knex('Incidents').select('id')).toHaveLength(1);
    expect((await small.core.repository.findById(other.id))?.rateLimit).toBe(999);
    await small.close();
  });

  it('is one for a repeat of its request', async () => {
    const of = await rig.integrate();
    await rig.work();
    const once = { acknowledge: true, idempotencyKey: 'once' };
    const [first, second] = [await rig.plain(of, 'x', once), await rig.plain(of, 'x', once)];
    expect(second).toMatchObject({ id: first.id, replayed: true });
    await soon(() => expect(buttonsIn(newest(of))).toEqual(['Acknowledge']));
    expect(await rig.db.knex('Incidents').select('id')).toHaveLength(1);
  });
});

describe('a press', () => {
  it('of the same again, of another chat, of a made-up thing and of what is over does no harm', async () => {
    const of = await rig.integrate();
    const stranger = await rig.integrate();
    await rig.work();
    const id = idOf(await rig.alert(of, 'disk', { acknowledge: true }));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    const { press } = rig.core.acknowledgements;
    const by = (name: string, chatId = of.chatId) => ({ chatId, name });

    expect(await press('acknowledge', id, by('Eve', stranger.chatId))).toEqual({ kind: 'unknown' });
    expect(await press('acknowledge', '01900000-0000-7000-8000-000000000000', by('Eve'))).toEqual({
      kind: 'unknown',
    });
    expect(await press('release', id, by('Eve'))).toEqual({ kind: 'open', isNew: false });
    const both = await Promise.all([
      press('acknowledge', id, by('Ada')),
      press('acknowledge', id, by('Bob')),
    ]);
    const winner = both.find((one) => 'isNew' in one && one.isNew);
    expect(both.filter((one) => 'isNew' in one && one.isNew)).toHaveLength(1);
    expect(both.map((one) => ('acknowledgement' in one ? one.acknowledgement.by : ''))).toEqual(
      Array(2).fill(winner && 'acknowledgement' in winner ? winner.acknowledgement.by : 'nobody'),
    );
    expect((await rig.core.incidents.find(id))?.version).toBe(2);

    await rig.alert(of, 'fine', { resolve: true });
    expect(await press('release', id, by('Ada'))).toEqual({ kind: 'over' });
    const plain = await rig.plain(of, 'no button');
    expect(await press('acknowledge', plain.id, by('Ada'))).toEqual({ kind: 'unknown' });
  });

  it('is too old after BUTTON_HOURS, and works after a restart until then', async () => {
    const of = await rig.integrate();
    const worker = await rig.work();
    const { id } = await rig.plain(of, 'disk', { acknowledge: true });
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    await worker.stop();
    expect(await rig.press(of)).toMatchObject({ kind: 'acknowledged' });
    await rig.work();
    await soon(() => expect(newest(of).text).toMatch(/👀 Ada/));
    rig.advance(48 * HOUR);
    expect(await rig.press(of)).toEqual({ kind: 'over' });
  });
});

describe('an acknowledged incident', () => {
  it('rings only when its priority rises, and keeps who took it through repeats and its end', async () => {
    const of = await rig.integrate();
    await rig.work();
    const id = idOf(await rig.alert(of, 'one', { acknowledge: true }));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    await rig.press(of);
    await soon(() => expect(newest(of).text).toMatch(/^one\n👀 Ada, \d\d:\d\d$/));
    rig.advance(2 * HOUR);
    await rig.alert(of, 'two');
    await soon(() => expect(newest(of).text).toMatch(/^two\n👀 Ada, \d\d:\d\d · ×2 · since/));
    expect(rig.messages(of)).toHaveLength(1);
    await rig.alert(of, 'three', { priority: 'high' });
    await soon(() => expect(rig.texts(of)[1]).toBe('🔔 Again, ×3'));
    const end = idOf(await rig.alert(of, 'fine', { resolve: true }));
    await soon(() => expect(rig.texts(of)[0]).toMatch(/^three\n✅ Resolved after 2 h · 👀 Ada, .* · ×3/));
    expect(buttonsIn(rig.messages(of)[0] ?? newest(of))).toEqual([]);
    await soon(async () =>
      expect(await rig.entry(of, end)).toMatchObject({
        status: 'delivered',
        incident: { state: 'resolved' },
        acknowledgement: { by: 'Ada' },
      }),
    );
  });

  it('gets its button from a later alert that asks for one', async () => {
    const of = await rig.integrate();
    await rig.work();
    const id = idOf(await rig.alert(of, 'one'));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    await rig.alert(of, 'two', { acknowledge: true });
    await soon(() => expect(buttonsIn(newest(of))).toEqual(['Acknowledge']));
  });

  it('shows the newest state, however often it was pressed', async () => {
    const of = await rig.integrate();
    await rig.work();
    const id = idOf(await rig.alert(of, 'x', { acknowledge: true }));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    const { press } = rig.core.acknowledgements;
    for (let n = 0; n < 40; n += 1)
      await press(n % 2 === 0 ? 'acknowledge' : 'release', id, { chatId: of.chatId, name: `Ada ${n}` });
    await press('acknowledge', id, { chatId: of.chatId, name: 'the last' });
    await soon(() => expect(newest(of).text).toMatch(/^x\n👀 the last, /));
    expect(rig.calls('editMessageText').length).toBeLessThan(15);
    expect((await rig.db.knex('Incidents').select())[0]?.acknowledgedBy).not.toContain('last');
  });
});

describe('an integration with a digest', () => {
  it('has the button below alerts of their own, also for a repeat of the request, and none below the digest', async () => {
    await rig.close();
    rig = await createIncidentRig(server, { MAX_ALERTS: '2' });
    const plain = await rig.integrate();
    const of = await rig.core.integrations.update(plain, { overflow: 'digest', acknowledge: true });
    await rig.work();
    const once = { idempotencyKey: 'once' };
    const [first, repeat] = [await rig.plain(of, 'one', once), await rig.plain(of, 'one', once)];
    expect(repeat).toMatchObject({ id: first.id, replayed: true, folded: null });
    await rig.plain(of, 'two', { acknowledge: false });
    await soon(() => expect(rig.texts(of)).toEqual(['one', 'two']));
    const folded = await rig.plain(of, 'three', { acknowledge: true });
    const keyed = idOf(await rig.alert(of, 'four', { acknowledge: true }));
    expect(folded).toMatchObject({ folded: 'digest' });
    await soon(() => expect(newest(of).text).toMatch(/^• four\n• three\n\+2 more since \d\d:\d\d$/));
    expect(rig.messages(of).map(buttonsIn)).toEqual([['Acknowledge'], [], []]);
    await rig.press(of);
    await soon(() => expect(rig.texts(of)[0]).toMatch(/^one\n👀 Ada, /));
    expect(await rig.entry(of, first.id)).toMatchObject({ incident: null, acknowledgement: { by: 'Ada' } });

    // By a program: all that it counts.
    await rig.core.alerts.acknowledge(of, keyed);
    await soon(() => expect(newest(of).text).toMatch(/\n\+2 more since .* · 👀 api, \d\d:\d\d$/));
    expect(await rig.entry(of, folded.id)).toMatchObject({ acknowledgement: { by: 'api' } });
    expect(await rig.db.knex('Incidents').select('id')).toHaveLength(2);
  });

  it('is taken back whole where the queue refuses an alert', async () => {
    await rig.close();
    rig = await createIncidentRig(server, { MAX_QUEUE_SIZE: '1' });
    const of = await rig.core.integrations.update(await rig.integrate(), {
      ...{ overflow: 'digest', acknowledge: true },
    });
    await rig.plain(of, 'first');
    await expect(rig.plain(of, 'second')).rejects.toMatchObject({ code: 'queue_full' });
    expect(await rig.db.knex('Incidents').select('id')).toHaveLength(1);
    expect(await rig.redis.fast.keys(rig.keys.shown('*'))).toHaveLength(1);
    expect((await rig.core.repository.findById(of.id))?.rateLimit).toBe(999);
  });
});

describe('an incident whose text Redis has lost', () => {
  it('says by its button who took it; a repeat is not called delivered, and a reply counts it', async () => {
    const of = await rig.integrate();
    await rig.work();
    const id = idOf(await rig.alert(of, 'one', { acknowledge: true, url: 'https://x.example' }));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    await rig.redis.fast.del(rig.keys.shown(id));
    await rig.press(of);
    await soon(() =>
      expect(buttonsIn(newest(of))).toEqual([expect.stringMatching(/^👀 Ada, .* · Release$/)]),
    );
    expect(rig.texts(of)).toEqual(['one']);

    await rig.worker.stop();
    const second = idOf(await rig.alert(of, 'two'));
    await rig.redis.fast.del(rig.keys.shown(second));
    await rig.work();
    await soon(() => expect(rig.texts(of)).toEqual(['one', '🔔 Again, ×2']));
    expect(await rig.entry(of, second)).toMatchObject({ status: 'failed', reason: 'lost', shown: false });

    await rig.alert(of, 'fine', { resolve: true });
    await soon(() => expect(rig.texts(of)[2]).toMatch(/^✅ Resolved after/));
    expect(buttonsIn(rig.messages(of)[0] ?? newest(of))).toEqual([]);
  });
});

describe('a program that acknowledges', () => {
  it('takes any of its alerts, once, and none of another', async () => {
    const of = await rig.integrate();
    await rig.work();
    const asks = await rig.plain(of, 'asks', { acknowledge: true });
    await soon(async () => expect(await rig.entry(of, asks.id)).toMatchObject({ status: 'delivered' }));
    expect(await rig.core.alerts.acknowledge(of, asks.id)).toMatchObject({ acknowledgement: { by: 'api' } });
    await soon(() => expect(newest(of).text).toMatch(/^asks\n👀 api, /));

    const plain = await rig.plain(of, 'plain');
    await soon(async () => expect(await rig.entry(of, plain.id)).toMatchObject({ status: 'delivered' }));
    const first = await rig.core.alerts.acknowledge(of, plain.id);
    expect(first).toMatchObject({ status: 'delivered', incident: null, acknowledgement: { by: 'api' } });
    rig.advance(60_000);
    expect(await rig.core.alerts.acknowledge(of, plain.id)).toEqual(first);
    await soon(() => expect(buttonsIn(newest(of))[0]).toMatch(/^👀 api, .* · Release$/));
    expect(await rig.press(of)).toMatchObject({ kind: 'open', isNew: true });

    const linked = await rig.plain(of, 'linked', { url: 'https://x.example' });
    await soon(async () => expect(await rig.entry(of, linked.id)).toMatchObject({ status: 'delivered' }));
    await rig.core.alerts.acknowledge(of, linked.id);
    expect(buttonsIn(newest(of))).toEqual(['Open']);

    const stranger = await rig.integrate();
    await expect(rig.core.alerts.acknowledge(stranger, plain.id)).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(rig.messages(of)).toHaveLength(3);
  });

  it('takes one that is not sent yet, which then says so', async () => {
    const of = await rig.integrate();
    const asks = await rig.plain(of, 'asks', { acknowledge: true });
    await rig.core.alerts.acknowledge(of, asks.id);
    const repeat = idOf(await rig.alert(of, 'keyed').then(() => rig.alert(of, 'again')));
    expect(await rig.core.alerts.acknowledge(of, repeat)).toMatchObject({
      incident: { state: 'acknowledged', count: 2 },
      acknowledgement: { by: 'api' },
    });
    await rig.work();
    await soon(() =>
      expect(rig.texts(of)).toEqual([
        expect.stringMatching(/^asks\n👀 api, /),
        expect.stringMatching(/^again\n👀 api, .* · ×2/),
      ]),
    );
  });

  it('waits for it: until it is acknowledged, resolved, or can never be', async () => {
    const of = await rig.integrate();
    await rig.work();
    const { signal } = new AbortController();
    const waitFor = (id: string, seconds = 60) =>
      rig.core.alerts.waitForAcknowledgement(of, id, seconds, signal);
    const { id } = await rig.plain(of, 'x', { acknowledge: true });
    const waiting = waitFor(id);
    await soon(() => expect(buttonsIn(newest(of))).toEqual(['Acknowledge']));
    await rig.press(of);
    expect(await waiting).toMatchObject({ acknowledgement: { by: 'Ada' } });

    const keyed = idOf(await rig.alert(of, 'y'));
    await rig.alert(of, 'fine', { resolve: true });
    expect(await waitFor(keyed)).toMatchObject({ acknowledgement: null, incident: { state: 'resolved' } });
    const open = await rig.plain(of, 'z', { acknowledge: true });
    expect(await waitFor(open.id, 0)).toMatchObject({ acknowledgement: null });
  });
});
