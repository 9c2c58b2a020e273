import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Integration } from '../../../../src/domain/integration.ts';
import { errorAnswer, tooManyRequestsAnswer } from '../../../../src/sandbox/bot-api-double.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { createIncidentRig, type IncidentRig, idOf } from './rig.ts';

const MINUTE = 60_000;
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
  vi.restoreAllMocks();
  const { faults } = rig;
  await rig.close();
  expect(faults).toEqual([]);
});

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 8_000, interval: 25 });

describe('an open incident', () => {
  it('is one message: repeats are edits that count and show the newest text', async () => {
    const of = await rig.integrate();
    await rig.work();
    const first = idOf(await rig.alert(of, 'disk 90 %', { title: 'db1' }));
    await soon(() => expect(rig.texts(of)).toEqual(['db1\ndisk 90 %']));
    await soon(async () => expect((await rig.core.incidents.find(first))?.messageId).toBe(1));
    const second = await rig.alert(of, 'disk 95 %', { title: 'db1' });
    expect(second).toMatchObject({ folded: 'incident', remaining: 999 });
    await soon(() =>
      expect(rig.texts(of)).toEqual([
        expect.stringMatching(/^db1\ndisk 95 %\n×2 · since \d\d:\d\d · last \d\d:\d\d$/),
      ]),
    );
    await soon(async () =>
      expect(await rig.entry(of, idOf(second))).toMatchObject({
        status: 'delivered',
        folded: 'incident',
        shown: true,
      }),
    );
    expect(await rig.entry(of, first)).toMatchObject({
      status: 'delivered',
      folded: null,
      incident: { state: 'open', count: 2, resolvedAt: null },
    });
    expect(rig.messages(of)[0]?.entities?.filter(({ type }) => type === 'date_time')).toHaveLength(2);
    expect(rig.calls('sendMessage')).toHaveLength(1);
    expect(rig.seen('alert.folded')).toMatchObject([{ alertId: idOf(second), into: 'incident' }]);
  });

  it('keeps its buttons to the outside through its edits, also when it is resolved', async () => {
    const of = await rig.integrate();
    await rig.work();
    const silence = { title: 'Silence', url: 'https://a.b/silence' };
    const links = { url: 'https://a.b/graph', urlTitle: 'Graph', moreLinks: [silence] };
    const buttons = () =>
      rig.messages(of)[0]?.reply_markup?.inline_keyboard.map((row) => row.map(({ text }) => text));
    const outside = ['Graph', 'Silence'];
    await rig.alert(of, 'disk 90 %', { ...links, acknowledge: true });
    await soon(() => expect(buttons()).toEqual([outside, ['Acknowledge']]));
    await rig.alert(of, 'disk 95 %', links);
    await soon(() => expect(rig.texts(of)[0]).toContain('×2'));
    expect(buttons()).toEqual([outside, ['Acknowledge']]);
    await rig.alert(of, 'disk 60 %', { ...links, resolve: true });
    await soon(() => expect(rig.texts(of)[0]).toContain('Resolved'));
    expect(buttons()).toEqual([outside]);
  });

  it('takes repeats into a message that is not sent yet', async () => {
    const of = await rig.integrate();
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) ids.push(idOf(await rig.alert(of, text)));
    await rig.work();
    await soon(async () => {
      for (const id of ids) expect(await rig.entry(of, id)).toMatchObject({ status: 'delivered' });
    });
    expect(rig.texts(of)).toEqual([expect.stringMatching(/^three\n×3 · since/)]);
    expect(rig.calls('editMessageText')).toHaveLength(0);
    expect(await rig.entry(of, ids[2] ?? '')).toMatchObject({ folded: 'incident' });
  });

  it('is hundreds of repeats in few edits, the last one right', { timeout: 60_000 }, async () => {
    const of = await rig.integrate();
    await rig.work();
    const beganAt = performance.now();
    for (let wave = 0; wave < 10; wave += 1)
      await Promise.all(Array.from({ length: 40 }, (_, n) => rig.alert(of, `text ${wave} ${n}`)));
    const last = await rig.alert(of, 'the last');
    await soon(() => expect(rig.texts(of)[0]).toMatch(/^the last\n×401 /));
    await soon(async () => {
      const counts = await rig.core.ledger.countByStatus();
      expect(counts).toMatchObject({ delivered: 401, queued: 0 });
    });
    expect(await rig.entry(of, idOf(last))).toMatchObject({ shown: true });
    expect(rig.calls('sendMessage')).toHaveLength(1);
    // One a second.
    const seconds = (performance.now() - beganAt) / 1000;
    expect(rig.calls('editMessageText').length).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  });

  it('rings again by a reply after an hour, and at once when the priority rises', async () => {
    const of = await rig.integrate();
    await rig.work();
    const id = idOf(await rig.alert(of, 'x', { title: 'db1' }));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    await rig.alert(of, 'y', { title: 'db1', priority: 'high' });
    await soon(() => expect(rig.texts(of)[1]).toBe('🔔 db1: again, ×2'));
    expect(rig.messages(of)[1]).toMatchObject({ silent: false, reply_to_message: { message_id: 1 } });
    await rig.alert(of, 'z', { title: 'db1' });
    rig.advance(60 * MINUTE);
    await rig.alert(of, 'again', { title: 'db1' });
    await soon(() => expect(rig.texts(of)[2]).toBe('🔔 db1: again, ×4'));
    expect(rig.calls('sendMessage')).toHaveLength(3);
  });

  it('is resolved: the text stays, a reply says so, and the next alert opens another one', async () => {
    const of = await rig.integrate();
    await rig.work();
    const id = idOf(await rig.alert(of, 'disk full', { title: 'db1' }));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    rig.advance(14 * MINUTE);
    const end = await rig.alert(of, 'is fine', { title: 'db1', resolve: true });
    await soon(() =>
      expect(rig.texts(of)).toEqual([
        'db1\ndisk full\n✅ Resolved after 14 min',
        '✅ db1: resolved after 14 min',
      ]),
    );
    expect(await rig.entry(of, idOf(end))).toMatchObject({
      status: 'delivered',
      shown: false,
      incident: { id, state: 'resolved', count: 1 },
    });
    await soon(async () => expect(await rig.redis.fast.exists(rig.keys.shown(id))).toBe(0));
    const next = idOf(await rig.alert(of, 'full again'));
    await soon(() => expect(rig.texts(of)[2]).toBe('full again'));
    expect(await rig.entry(of, next)).toMatchObject({ folded: null, incident: { id: next } });
  });

  it('without an incident a resolve is a message that says so, or nothing', async () => {
    const of = await rig.integrate();
    await rig.work();
    expect(await rig.alert(of, 'fine', { resolve: 'if-open' })).toBe('ignored');
    await rig.alert(of, 'fine', { resolve: true });
    await soon(() => expect(rig.texts(of)).toEqual(['fine\n✅ Resolved']));
  });

  it('is stale after three days, and says so', async () => {
    const of = await rig.integrate();
    await rig.work();
    const id = idOf(await rig.alert(of, 'x'));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    rig.advance(72 * 60 * MINUTE);
    await rig.core.upkeep.upkeep();
    rig.advance(10_000);
    await rig.core.upkeep.upkeep();
    await soon(() =>
      expect(rig.texts(of)).toEqual([expect.stringMatching(/^x\n💤 not heard of since \d\d:\d\d$/)]),
    );
    expect(await rig.core.incidents.find(id)).toMatchObject({ state: 'stale' });
  });
});

describe('Telegram’s answers to an edit', () => {
  async function opened() {
    const of = await rig.integrate();
    await rig.work();
    const id = idOf(await rig.alert(of, 'one'));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    return { of, id };
  }

  it('a message that is gone is replaced by one new one, which goes on', async () => {
    const { of, id } = await opened();
    await fetch(`${rig.double.apiRoot}/bot1:incidents/deleteMessage?chat_id=${of.chatId}&message_id=1`);
    const second = idOf(await rig.alert(of, 'two'));
    await soon(() => expect(rig.texts(of)).toEqual([expect.stringMatching(/^two\n×2/)]));
    await soon(async () => expect(await rig.entry(of, second)).toMatchObject({ status: 'delivered' }));
    await rig.alert(of, 'three');
    await soon(() => expect(rig.texts(of)).toEqual([expect.stringMatching(/^three\n×3/)]));
    expect(await rig.core.incidents.find(id)).toMatchObject({ messageId: 2, count: 3 });
    expect(rig.calls('sendMessage')).toHaveLength(2);
  });

  it('a replacement that may have arrived closes the incident, and what waits for it is uncertain', async () => {
    const { of, id } = await opened();
    rig.double.fault({
      method: 'editMessageText',
      action: errorAnswer(400, "Bad Request: message can't be edited"),
    });
    rig.double.fault({ method: 'sendMessage', action: { kind: 'answer', status: 502, body: 'bad gateway' } });
    const second = idOf(await rig.alert(of, 'two'));
    await soon(async () => expect(await rig.entry(of, second)).toMatchObject({ status: 'uncertain' }));
    expect(await rig.core.incidents.find(id)).toMatchObject({ state: 'stale', closedAt: expect.any(Number) });
    const third = await rig.alert(of, 'three');
    expect(third).toMatchObject({ folded: null });
    await soon(() => expect(rig.texts(of).at(-1)).toBe('three'));
  });

  it('"not modified" is done', async () => {
    const { of } = await opened();
    const fault = errorAnswer(400, 'Bad Request: message is not modified');
    rig.double.fault({ method: 'editMessageText', action: fault });
    const second = idOf(await rig.alert(of, 'two'));
    await soon(async () => expect(await rig.entry(of, second)).toMatchObject({ status: 'delivered' }));
  });

  it('a 429 is waited for; the newest state follows', async () => {
    const { of } = await opened();
    rig.double.fault({ method: 'editMessageText', action: tooManyRequestsAnswer(1) });
    await rig.alert(of, 'two');
    await soon(() => expect(rig.calls('editMessageText')).toHaveLength(1));
    await rig.alert(of, 'three');
    await soon(() => expect(rig.texts(of)).toEqual([expect.stringMatching(/^three\n×3/)]));
    const [first, second] = rig.calls('editMessageText');
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(950);
  });

  it('moments that the server does not know are left out', async () => {
    const { of } = await opened();
    const fault = errorAnswer(400, "Bad Request: can't parse MessageEntity: Unsupported type specified");
    rig.double.fault({ method: 'editMessageText', action: fault });
    // Not Markdown: its thread may be slow to start on a busy machine.
    await rig.alert(of, 'two', { message: '<b>two</b>', format: 'html' });
    await soon(() => expect(rig.texts(of)).toEqual([expect.stringMatching(/^two\n×2 · since \d\d:\d\d/)]));
    expect(rig.messages(of)[0]?.entities).toEqual([{ type: 'bold', offset: 0, length: 3 }]);
  });

  it('a text that Redis has lost is not edited away; the end is said by the reply', async () => {
    const { of, id } = await opened();
    await rig.redis.fast.del(rig.keys.shown(id));
    const end = idOf(await rig.alert(of, '', { resolve: true }));
    await soon(() =>
      expect(rig.texts(of)).toEqual(['one', expect.stringMatching(/^✅ Resolved after \d+ s$/)]),
    );
    await soon(async () =>
      expect(await rig.entry(of, end)).toMatchObject({ status: 'failed', reason: 'lost', shown: false }),
    );
  });

  it('a repeat whose text Redis has lost is not called delivered; a silent reply counts it', async () => {
    const { of, id } = await opened();
    await rig.worker.stop();
    const second = idOf(await rig.alert(of, 'two'));
    await rig.redis.fast.del(rig.keys.shown(second));
    await rig.work();
    await soon(() => expect(rig.texts(of)).toEqual(['one', '🔔 Again, ×2']));
    expect(rig.messages(of)[1]).toMatchObject({ silent: true });
    expect(await rig.entry(of, second)).toMatchObject({ status: 'failed', reason: 'lost', shown: false });
    await rig.alert(of, 'three');
    await soon(() => expect(rig.texts(of)[0]).toMatch(/^three\n×3 /));
    expect(await rig.core.incidents.find(id)).toMatchObject({ reply: null });
  });

  it('a text that is replaced while it is looked for is not lost', async () => {
    const { of } = await opened();
    await rig.worker.stop();
    const second = idOf(await rig.alert(of, 'two'));
    const { find } = rig.core.incidents;
    // Another process takes the next alert in while this one has just read of the incident.
    const look = vi.spyOn(rig.core.incidents, 'find');
    for (const text of ['three', 'four', 'five'])
      look.mockImplementationOnce(async (incidentId) => {
        const before = await find(incidentId);
        await rig.alert(of, text);
        return before;
      });
    await rig.work();
    await soon(() => expect(rig.texts(of)).toEqual([expect.stringMatching(/^five\n×5 /)]));
    await soon(async () => expect(await rig.entry(of, second)).toMatchObject({ status: 'delivered' }));
  });
});

describe('a first message that Telegram takes as a document alone', () => {
  const refusal = () => errorAnswer(400, "Bad Request: can't parse entities: no");
  async function asDocument(joined: readonly string[]) {
    const of = await rig.integrate();
    const ids: string[] = [];
    for (const text of ['one', ...joined]) ids.push(idOf(await rig.alert(of, text)));
    // With all, without its moments (of which a single alert has none), as plain text.
    const refusals = joined.length === 0 ? 2 : 3;
    for (let form = 0; form < refusals; form += 1)
      rig.double.fault({ method: 'sendMessage', action: refusal() });
    await rig.work();
    await soon(async () => expect(await rig.entry(of, ids[0] ?? '')).toMatchObject({ status: 'delivered' }));
    return { of, ids };
  }

  it('is not followed by another one', async () => {
    // Put off meanwhile, it is taken up anew: what was tried before is forgotten.
    rig.double.fault({ method: 'sendDocument', action: tooManyRequestsAnswer(1) });
    const { of, ids } = await asDocument([]);
    await soon(async () =>
      expect(await rig.core.incidents.find(ids[0] ?? '')).toMatchObject({ messageId: 1, shownVersion: 1 }),
    );
    rig.advance(10_000);
    await rig.core.upkeep.upkeep();
    expect(rig.messages(of)).toMatchObject([{ document: expect.anything() }]);
    expect(rig.calls('editMessageText')).toHaveLength(0);
  });

  it('does not count as delivered what joined it: a new message shows that', async () => {
    const { of, ids } = await asDocument(['two']);
    await soon(() => expect(rig.texts(of)[1]).toMatch(/^two\n×2 /));
    await soon(async () =>
      expect(await rig.entry(of, ids[1] ?? '')).toMatchObject({ status: 'delivered', messageIds: [] }),
    );
    expect(rig.messages(of)).toHaveLength(2);
  });
});

describe('a chat that the operator has blocked', () => {
  const block = (of: Integration) => rig.core.chats.block(rig.core.cipher.hashChat(of.chatId));

  it('hears no more of an incident', async () => {
    const of = await rig.integrate();
    const first = await rig.work();
    const id = idOf(await rig.alert(of, 'one'));
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    await first.stop();
    await rig.alert(of, 'two', { priority: 'high' });
    await block(of);
    await rig.work();
    await soon(async () =>
      expect(await rig.core.incidents.find(id)).toMatchObject({
        state: 'stale',
        reply: null,
        shownVersion: 2,
      }),
    );
    expect(rig.texts(of)).toEqual(['one']);
  });

  it('gets no alert that was taken in at the same moment', async () => {
    const of = await rig.integrate();
    const id = idOf(await rig.alert(of, 'one'));
    await rig.db.knex('Chats').where({ chatId: of.chatId }).update({ blockedAt: rig.clock.now() });
    await rig.work();
    await soon(async () =>
      expect(await rig.entry(of, id)).toMatchObject({ status: 'failed', reason: 'blocked' }),
    );
    expect(rig.texts(of)).toEqual([]);
  });
});

describe('a first message that does not arrive', () => {
  it('closes the incident, and what joined it ends likewise', async () => {
    const of = await rig.integrate();
    const first = idOf(await rig.alert(of, 'one'));
    const joined = idOf(await rig.alert(of, 'two'));
    rig.double.fault({ method: 'sendMessage', action: { kind: 'answer', status: 502, body: 'bad gateway' } });
    await rig.work();
    await soon(async () => {
      for (const id of [first, joined])
        expect(await rig.entry(of, id)).toMatchObject({ status: 'uncertain', incident: { state: 'stale' } });
    });
    expect(rig.seen('alert.uncertain')).toHaveLength(2);
    expect(await rig.alert(of, 'three')).toMatchObject({ folded: null });
  });
});

describe('taking alerts in', () => {
  it('shows whom the first message is from, however soon it is sent', async () => {
    const of = await rig.integrate();
    await rig.beside(of);
    await rig.work();
    const { set } = rig.redis.fast;
    const slow = vi.spyOn(rig.redis.fast, 'set').mockImplementation((async (...args: unknown[]) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return Reflect.apply(set, rig.redis.fast, args);
    }) as never);
    await rig.alert(of, 'one');
    slow.mockRestore();
    await soon(() => expect(rig.texts(of)).toEqual(['one\n— tests']));
  });

  it('keeps what the first message shows, also where that failed at first', async () => {
    const of = await rig.integrate();
    vi.spyOn(rig.redis.fast, 'pexpire').mockRejectedValueOnce(new Error('away'));
    const id = idOf(await rig.alert(of, 'one'));
    await rig.work();
    await soon(async () => expect((await rig.core.incidents.find(id))?.messageId).toBe(1));
    await soon(async () =>
      expect(await rig.redis.fast.pttl(rig.keys.shown(id))).toBeGreaterThan(60 * MINUTE),
    );
  });

  it('folds where the quota is used up and the queue is full, up to a bound of its own', async () => {
    await rig.close();
    rig = await createIncidentRig(server, { MAX_ALERTS: '1', MAX_QUEUE_SIZE: '1', MAX_FOLDED: '2' });
    const of = await rig.integrate();
    expect(await rig.alert(of, 'one')).toMatchObject({ remaining: 0 });
    expect(await rig.alert(of, 'two')).toMatchObject({ folded: 'incident', remaining: 0 });
    await rig.alert(of, 'three');
    await expect(rig.alert(of, 'four')).rejects.toMatchObject({ code: 'quota_exhausted' });
    await expect(rig.alert(of, 'other', { key: 'other' })).rejects.toMatchObject({ code: 'quota_exhausted' });
  });

  it('a full queue refuses the first alert, and nothing is left of its incident', async () => {
    await rig.close();
    rig = await createIncidentRig(server, { MAX_QUEUE_SIZE: '1' });
    const of = await rig.integrate();
    await rig.alert(of, 'one', { key: 'a' });
    await expect(rig.alert(of, 'two', { key: 'b' })).rejects.toMatchObject({ code: 'queue_full' });
    expect(await rig.db.knex('Incidents').count({ n: '*' })).toMatchObject([{ n: 1 }]);
    const texts = await rig.redis.fast.keys(rig.keys.shown('*'));
    expect(texts).toHaveLength(1);
  });

  it('answers a repeat of the request with the first answer, and counts it once', async () => {
    const of = await rig.integrate();
    await rig.alert(of, 'one', { idempotencyKey: 'a' });
    const folded = await rig.alert(of, 'two', { idempotencyKey: 'b' });
    expect(await rig.alert(of, 'two', { idempotencyKey: 'b' })).toMatchObject({
      ...{ id: idOf(folded), replayed: true, folded: 'incident' },
    });
    await expect(rig.alert(of, 'other', { idempotencyKey: 'b' })).rejects.toMatchObject({
      code: 'idempotency_mismatch',
    });
    expect(await rig.entry(of, idOf(folded))).toMatchObject({ incident: { count: 2 } });
  });

  it('of a hundred at once one opens, and the others are counted', async () => {
    const of = await rig.integrate();
    const taken = await Promise.all(Array.from({ length: 100 }, (_, n) => rig.alert(of, `n ${n}`)));
    expect(taken.filter((one) => one !== 'ignored' && one.folded === null)).toHaveLength(1);
    const [first] = taken;
    if (first === undefined) throw new Error('none');
    expect(await rig.entry(of, idOf(first))).toMatchObject({ incident: { count: 100 } });
    expect(await rig.core.repository.findById(of.id)).toMatchObject({ rateLimit: 999 });
  });
});
