import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import type { Database } from '../../../src/db/engine/connect.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import type { AlertLedger, NewAlert } from '../../../src/services/ports/alerts.ts';
import type { IntegrationRepository } from '../../../src/services/ports/integrations.ts';
import { DAY_MS, NOW, newAlert, type TestDatabases } from './databases.ts';

const key = (keyHash: string, bodyHash = 'body') => ({ keyHash, bodyHash });

/** What every AlertLedger does. */
export function describeAlertLedger(databases: TestDatabases): void {
  describe(`the alert ledger on ${databases.name}`, () => {
    let db: Database;
    let ledger: AlertLedger;
    let integrations: IntegrationRepository;

    beforeAll(async () => {
      db = await databases.open();
      ledger = createAlertLedger(db, { idempotencyWindowMs: DAY_MS });
      integrations = createIntegrationRepository(db);
    });
    afterAll(() => db.close());
    beforeEach(async () => {
      await db.knex('Alerts').delete();
      await db.knex('JobRuns').delete();
    });

    async function insertActive(limit = 10): Promise<number> {
      const { id } = await integrations.insertPending(-77, 'x', limit, NOW);
      await db.knex('Integrations').where({ id }).update({ status: 'active' });
      return id;
    }
    const left = async (id: number) => (await integrations.findById(id))?.rateLimit;

    async function accepted(changes: Partial<NewAlert> = {}): Promise<NewAlert> {
      const alert = newAlert(changes.integrationId ?? (await insertActive()), changes);
      expect(await ledger.accept(alert)).toMatchObject({ kind: 'accepted' });
      return alert;
    }

    describe('accept', () => {
      it('takes a unit and writes the entry as queued, without anything readable', async () => {
        const id = await insertActive();
        const alert = newAlert(id, {
          format: 'html',
          priority: 'high',
          silent: true,
          threadId: 5_000_000_000,
          deliverAt: NOW + 5,
          expiresAt: NOW + 6,
          sealedTags: 'sealed',
          hasButton: true,
          idempotency: key('k'),
        });
        expect(await ledger.accept(alert)).toMatchObject({ kind: 'accepted', remaining: 9 });
        const { idempotency: _, tokenHash: __, namedChatId: ___, ...fields } = alert;
        expect(await ledger.find(alert.id)).toStrictEqual({
          ...fields,
          status: 'queued',
          reason: null,
          parts: null,
          messageIds: [],
          resends: 0,
          ...{ incidentId: null, folded: null, shown: false, replyTo: null, notice: false },
          remaining: 9,
          sendingAt: null,
          endedAt: null,
        });
        expect(await left(id)).toBe(9);
      });

      it('gives each of a batch its own remaining, in the order of the calls, and exactly what is left', async () => {
        const [few, many] = [await insertActive(3), await insertActive(10)];
        const results = await Promise.all(
          [few, many, few, few, few, many].map((id) => ledger.accept(newAlert(id))),
        );
        expect(results).toMatchObject([
          { kind: 'accepted', remaining: 2 },
          { kind: 'accepted', remaining: 9 },
          { kind: 'accepted', remaining: 1 },
          { kind: 'accepted', remaining: 0 },
          { kind: 'quota_exhausted' },
          { kind: 'accepted', remaining: 8 },
        ]);
        expect([await left(few), await left(many)]).toEqual([0, 8]);
      });

      it('accepts exactly 10 of 200 concurrent alerts on a quota of 10', async () => {
        const id = await insertActive(10);
        const results = await Promise.all(Array.from({ length: 200 }, () => ledger.accept(newAlert(id))));
        expect(results.filter(({ kind }) => kind === 'accepted')).toHaveLength(10);
        expect(results.filter(({ kind }) => kind === 'quota_exhausted')).toHaveLength(190);
        expect(await db.knex('Alerts').where({ integrationId: id })).toHaveLength(10);
        expect(await left(id)).toBe(0);
      });

      it('accepts more alerts at once than one transaction takes', async () => {
        const id = await insertActive(1_000);
        const results = await Promise.all(Array.from({ length: 600 }, () => ledger.accept(newAlert(id))));
        expect(results.at(-1)).toMatchObject({ kind: 'accepted', remaining: 400 });
        expect(await left(id)).toBe(400);
      });

      it('says of what integration it took a unit', async () => {
        const { id } = await integrations.insertPending(-80, 'x', 10, NOW);
        await db.knex('Integrations').where({ id }).update({ status: 'active' });
        expect(await ledger.accept(newAlert(id))).toEqual({
          kind: 'accepted',
          remaining: 9,
          integration: { id, chatId: -80, dailyLimit: 10, status: 'active', unreachableSince: null },
        });
      });

      it('says what the alert is to be called where the chat has several active integrations', async () => {
        await db.knex('Integrations').where({ chatId: -79 }).delete();
        const insert = async (name: string, status: 'active' | 'pending' = 'active') => {
          const { id } = await integrations.insertPending(-79, name, 10, NOW);
          await db.knex('Integrations').where({ id }).update({ status });
          return id;
        };
        const shown = async (id: number) => {
          const answer = await ledger.accept(newAlert(id));
          return answer.kind === 'accepted' ? answer.integration.shownName : answer.kind;
        };
        const web = await insert('web');
        await insert('waiting', 'pending');
        expect(await shown(web)).toBeUndefined();
        const mail = await insert('mail');
        const unnamed = await insert('');
        expect([await shown(web), await shown(mail), await shown(unnamed)]).toEqual([
          'web',
          'mail',
          `#${unnamed}`,
        ]);
        const namesake = await insert('web');
        expect([await shown(web), await shown(namesake)]).toEqual([`web #${web}`, `web #${namesake}`]);
        await integrations.setShowName(mail, false);
        expect([await shown(mail), await shown(web)]).toEqual([undefined, `web #${web}`]);
        await integrations.setShowName(mail, true);
        for (const id of [namesake, unnamed, web]) await integrations.revoke(id, NOW);
        expect(await shown(mail)).toBeUndefined();
      });

      it('refuses integrations that are pending, revoked or unreachable, and says which', async () => {
        const pending = (await integrations.insertPending(-78, 'x', 10, NOW)).id;
        const revoked = await insertActive();
        await integrations.revoke(revoked, NOW);
        const lost = await insertActive();
        await db.knex('Integrations').where({ id: lost }).update({ unreachableSince: NOW });
        const results = await Promise.all([pending, revoked, lost].map((id) => ledger.accept(newAlert(id))));
        expect(results).toMatchObject([
          { kind: 'not_active', integration: { id: pending, status: 'pending' } },
          { kind: 'not_active', integration: { id: revoked, status: 'revoked' } },
          { kind: 'not_active', integration: { id: lost, status: 'active', unreachableSince: NOW } },
        ]);
        expect(await db.knex('Alerts')).toEqual([]);
      });

      it('refuses a token that is not the newest one, and an integration that there is not', async () => {
        const id = await insertActive();
        await db.knex('Integrations').where({ id }).update({ tokenHash: 'newest' });
        const kindOf = async (changes: Partial<NewAlert>) =>
          (await ledger.accept(newAlert(changes.integrationId ?? id, changes))).kind;
        expect(await kindOf({ tokenHash: 'older' })).toBe('token_invalid');
        expect(await kindOf({ integrationId: 2_000_000_000, tokenHash: null })).toBe('token_invalid');
        expect(await left(id)).toBe(10);
        expect(await kindOf({ tokenHash: 'newest' })).toBe('accepted');
        await integrations.revoke(id, NOW);
        expect(await kindOf({ tokenHash: 'newest' })).toBe('token_invalid');
      });

      it('refuses another chat than the one of the integration', async () => {
        const id = await insertActive();
        expect(await ledger.accept(newAlert(id, { namedChatId: -78 }))).toMatchObject({
          kind: 'chat_mismatch',
        });
        expect(await ledger.accept(newAlert(id, { namedChatId: -77 }))).toMatchObject({ kind: 'accepted' });
        expect(await left(id)).toBe(9);
      });

      it('counts the units of a batch without those that are refused in it', async () => {
        const id = await insertActive(2);
        const asked = [{ namedChatId: -1 }, {}, { namedChatId: -1 }, {}, {}];
        const results = await Promise.all(asked.map((changes) => ledger.accept(newAlert(id, changes))));
        expect(results.map(({ kind }) => kind)).toEqual([
          'chat_mismatch',
          'accepted',
          'chat_mismatch',
          'accepted',
          'quota_exhausted',
        ]);
        expect(await left(id)).toBe(0);
      });

      it('answers a repeat with the first entry, and takes no quota for it', async () => {
        const first = await accepted({ idempotency: key('k', 'body 1') });
        const again = newAlert(first.integrationId, {
          idempotency: key('k', 'body 2'),
          createdAt: NOW + DAY_MS - 1,
        });
        expect(await ledger.accept(again)).toMatchObject({
          kind: 'repeated',
          record: await ledger.find(first.id),
          bodyHash: 'body 1',
        });
        expect(await left(first.integrationId)).toBe(9);
        expect(await ledger.find(again.id)).toBeUndefined();
      });

      it('answers a repeat even when the quota is used up', async () => {
        const id = await insertActive(1);
        await accepted({ integrationId: id, idempotency: key('k') });
        expect(await ledger.accept(newAlert(id, { idempotency: key('k') }))).toMatchObject({
          kind: 'repeated',
        });
      });

      it('lets the first of several repeats in one batch win', async () => {
        const id = await insertActive();
        const alerts = [1, 2, 3].map((n) => newAlert(id, { idempotency: key('same', `body ${n}`) }));
        const results = await Promise.all(alerts.map((alert) => ledger.accept(alert)));
        const record = await ledger.find(alerts[0]?.id ?? '');
        const repeated = { kind: 'repeated', record, bodyHash: 'body 1' };
        expect(results).toMatchObject([{ kind: 'accepted', remaining: 9 }, repeated, repeated]);
        expect(await left(id)).toBe(9);
      });

      it('gives many alerts of few keys one entry per key, whatever the batch', async () => {
        const id = await insertActive(100);
        const results = await Promise.all(
          Array.from({ length: 120 }, (_, n) =>
            ledger.accept(newAlert(id, { idempotency: key(`k${n % 3}`) })),
          ),
        );
        expect(results.filter(({ kind }) => kind === 'accepted')).toHaveLength(3);
        expect(results.filter(({ kind }) => kind === 'repeated')).toHaveLength(117);
        expect(await left(id)).toBe(97);
      });

      it('refuses all repeats of a batch whose first one was refused', async () => {
        const id = await insertActive(0);
        const results = await Promise.all(
          [1, 2, 3].map(() => ledger.accept(newAlert(id, { idempotency: key('k') }))),
        );
        expect(results.map(({ kind }) => kind)).toEqual(Array(3).fill('quota_exhausted'));
      });

      it('lets the next of a key win in a batch whose first one was refused for itself', async () => {
        const [id, other] = [await insertActive(), await insertActive()];
        const asked = [
          newAlert(id, { idempotency: key('k'), namedChatId: -1 }),
          newAlert(id, { idempotency: key('k'), namedChatId: -1 }),
          ...Array.from({ length: 5 }, () => newAlert(id, { idempotency: key('k') })),
          newAlert(other),
        ];
        const results = await Promise.all(asked.map((alert) => ledger.accept(alert)));
        expect(results.map(({ kind }) => kind)).toEqual([
          ...['chat_mismatch', 'chat_mismatch', 'accepted', ...Array(4).fill('repeated'), 'accepted'],
        ]);
        expect([await left(id), await left(other)]).toEqual([9, 9]);
      });

      it('keeps the keys of different integrations apart', async () => {
        const results = await Promise.all(
          [await insertActive(), await insertActive()].map((id) =>
            ledger.accept(newAlert(id, { idempotency: key('k') })),
          ),
        );
        expect(results.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
      });

      it('lets a key be used anew after 24 h, while the old entry stays', async () => {
        const first = await accepted({ idempotency: key('k', 'old') });
        const { integrationId } = first;
        const later = newAlert(integrationId, { idempotency: key('k', 'new'), createdAt: NOW + DAY_MS });
        expect(await ledger.accept(later)).toMatchObject({ kind: 'accepted', remaining: 8 });
        expect(await ledger.find(first.id)).toBeDefined();
        expect(await ledger.findByKey(integrationId, 'k', NOW)).toMatchObject({
          record: { id: later.id },
          bodyHash: 'new',
        });
      });

      it('lets a key be used anew as soon as it says, where that is earlier', async () => {
        const brief = { ...key('k'), windowMs: 300_000 };
        const { integrationId } = await accepted({ idempotency: brief });
        const again = (after: number) =>
          ledger.accept(newAlert(integrationId, { idempotency: brief, createdAt: NOW + after }));
        expect(await again(299_999)).toMatchObject({ kind: 'repeated' });
        expect(await again(300_000)).toMatchObject({ kind: 'accepted', remaining: 8 });
        expect(await again(300_001)).toMatchObject({ kind: 'repeated' });
      });

      it('does not refuse the others of a batch for one bad entry', async () => {
        const taken = await accepted();
        const { integrationId } = taken;
        const batch = [
          newAlert(integrationId),
          newAlert(integrationId, { id: taken.id }),
          newAlert(integrationId),
        ];
        const results = await Promise.allSettled(batch.map((alert) => ledger.accept(alert)));
        expect(results).toEqual([
          { status: 'fulfilled', value: expect.objectContaining({ kind: 'accepted', remaining: 8 }) },
          { status: 'rejected', reason: expect.any(Error) },
          { status: 'fulfilled', value: expect.objectContaining({ kind: 'accepted', remaining: 7 }) },
        ]);
        expect(await left(integrationId)).toBe(7);
      });
    });

    describe('withdraw', () => {
      it('deletes a queued entry and gives its unit back, once', async () => {
        const alert = await accepted({ idempotency: key('k') });
        const { id, integrationId } = alert;
        const results = await Promise.all([
          ledger.withdraw(id, integrationId),
          ledger.withdraw(id, integrationId),
        ]);
        expect(results).toEqual([true, false]);
        expect(await ledger.find(id)).toBeUndefined();
        expect(await left(integrationId)).toBe(10);
        expect(await ledger.accept(newAlert(integrationId, { idempotency: key('k') }))).toMatchObject({
          kind: 'accepted',
        });
      });

      it('leaves an entry that has moved on, or belongs to another integration', async () => {
        const alert = await accepted();
        const other = await insertActive();
        expect(await ledger.withdraw(alert.id, other)).toBe(false);
        await ledger.claim(alert.id, NOW);
        expect(await ledger.withdraw(alert.id, alert.integrationId)).toBe(false);
        expect(await left(alert.integrationId)).toBe(9);
      });

      it('leaves an entry for which a repeat was answered, and says of one that is gone that it cannot be', async () => {
        const [kept, gone] = [await accepted(), await accepted()];
        expect(await ledger.confirm(kept.id, NOW)).toBe(true);
        expect(await ledger.confirm(kept.id, NOW + 1)).toBe(true);
        expect(await ledger.withdraw(kept.id, kept.integrationId)).toBe(false);
        expect(await left(kept.integrationId)).toBe(9);
        expect(await ledger.withdraw(gone.id, gone.integrationId)).toBe(true);
        expect(await ledger.confirm(gone.id, NOW)).toBe(false);
      });

      it('gives back no unit of a day that was reset meanwhile, and never more than the daily limit', async () => {
        const id = await insertActive();
        const [yesterday, today] = [
          await accepted({ integrationId: id }),
          newAlert(id, { createdAt: NOW + 20 }),
        ];
        await integrations.resetQuotas('2026-11-25', NOW + 10, 10);
        await ledger.accept(today);
        expect(await ledger.withdraw(yesterday.id, id)).toBe(true);
        expect(await left(id)).toBe(9);
        expect(await ledger.withdraw(today.id, id)).toBe(true);
        expect(await left(id)).toBe(10);
      });

      it('gives a unit back to the day that it was taken from, whatever the time of its request', async () => {
        const id = await insertActive();
        // Its request came before midnight, its accept after the reset; another was taken in meanwhile.
        const late = newAlert(id, { createdAt: NOW - 20 });
        await accepted({ integrationId: id });
        await integrations.resetQuotas('2026-11-26', NOW, 10);
        await ledger.accept(late);
        await accepted({ integrationId: id });
        expect(await left(id)).toBe(8);
        expect(await ledger.withdraw(late.id, id)).toBe(true);
        expect(await left(id)).toBe(9);
        // Its request came after midnight, its accept before the reset had come to its integration.
        const early = await accepted({ integrationId: id, createdAt: NOW + DAY_MS + 20 });
        await integrations.resetQuotas('2026-11-27', NOW + DAY_MS, 10);
        await accepted({ integrationId: id });
        expect(await ledger.withdraw(early.id, id)).toBe(true);
        expect(await left(id)).toBe(9);
      });

      it('gives units of several days and integrations back at once, each to its own', async () => {
        const [one, two] = [await insertActive(), await insertActive()];
        const old = await accepted({ integrationId: one });
        await integrations.resetQuotas('2026-11-28', NOW, 10);
        const fresh = [
          await accepted({ integrationId: one }),
          await accepted({ integrationId: one }),
          await accepted({ integrationId: two }),
        ];
        await Promise.all([old, ...fresh].map(({ id, integrationId }) => ledger.withdraw(id, integrationId)));
        expect([await left(one), await left(two)]).toEqual([10, 10]);
      });
    });

    describe('one attempt', () => {
      it('is not claimed for a time after its ttl, unless a part has arrived', async () => {
        const { id } = await accepted({ expiresAt: NOW + 10 });
        expect(await ledger.claim(id, NOW + 10)).toBe(false);
        expect(await ledger.find(id)).toMatchObject({ status: 'queued', sendingAt: null });
        expect(await ledger.claim(id, NOW + 9)).toBe(true);
        await ledger.addPart(id, 2, 101);
        expect(await ledger.claim(id, NOW + 20)).toBe(true);
      });

      it('is claimed by exactly one of 20 callers', async () => {
        const { id } = await accepted();
        const claims = await Promise.all(
          Array.from({ length: 20 }, (_, index) => ledger.claim(id, NOW + index)),
        );
        expect(claims.filter(Boolean)).toHaveLength(1);
        expect((await ledger.find(id))?.status).toBe('sending');
      });

      it('goes back to the queue with its reason when it reached nobody', async () => {
        const { id } = await accepted();
        await ledger.release(id, 'flood_wait');
        expect(await ledger.find(id)).toMatchObject({ status: 'queued', reason: null });
        await ledger.claim(id, NOW + 1);
        await ledger.release(id, 'flood_wait');
        expect(await ledger.find(id)).toMatchObject({
          status: 'queued',
          reason: 'flood_wait',
          sendingAt: NOW + 1,
        });
        expect(await ledger.claim(id, NOW + 2)).toBe(true);
      });

      it('adds a part that arrived and leaves the rest to the next claim', async () => {
        const { id } = await accepted();
        for (const messageId of [101, 102]) {
          expect(await ledger.claim(id, NOW)).toBe(true);
          await ledger.addPart(id, 3, messageId);
        }
        expect(await ledger.find(id)).toMatchObject({ status: 'queued', parts: 3, messageIds: [101, 102] });
        await ledger.claim(id, NOW);
        const end = {
          status: 'delivered',
          reason: null,
          now: NOW + 3,
          part: { parts: 3, messageId: 103 },
        } as const;
        expect(await ledger.end(id, ['sending'], end)).toBe(true);
        expect(await ledger.find(id)).toMatchObject({
          status: 'delivered',
          messageIds: [101, 102, 103],
          endedAt: NOW + 3,
        });
      });

      it('keeps a part that arrived after the alert was ended as uncertain', async () => {
        const { id } = await accepted();
        await ledger.claim(id, NOW);
        await ledger.endStuck(NOW + 1, NOW + 1);
        await ledger.addPart(id, 2, 101);
        expect(await ledger.find(id)).toMatchObject({ status: 'uncertain', messageIds: [101] });
      });

      it('ends only from the named statuses', async () => {
        const { id } = await accepted();
        const end = { status: 'failed', reason: 'blocked', now: NOW } as const;
        expect(await ledger.end(id, ['sending', 'uncertain'], end)).toBe(false);
        expect(await ledger.end(id, [], end)).toBe(false);
        expect(await ledger.end(id, ['queued'], end)).toBe(true);
        expect(await ledger.find(id)).toMatchObject({ status: 'failed', reason: 'blocked', endedAt: NOW });
        expect(await ledger.claim(id, NOW)).toBe(false);
      });

      it('is requeued by hand only after it failed or is uncertain, and the requeue can be undone', async () => {
        const { id } = await accepted();
        expect(await ledger.requeue(id, NOW)).toBe(false);
        await ledger.end(id, ['queued'], { status: 'failed', reason: 'blocked', now: NOW + 1 });
        expect(await ledger.requeue(id, NOW + 2)).toBe(true);
        expect(await ledger.find(id)).toMatchObject({ status: 'queued', reason: null, endedAt: null });
        expect(await ledger.requeue(id, NOW + 2)).toBe(false);
        await ledger.undoRequeue({ id, status: 'failed', reason: 'blocked', endedAt: NOW + 1, resends: 0 });
        expect(await ledger.find(id)).toMatchObject({
          status: 'failed',
          reason: 'blocked',
          endedAt: NOW + 1,
        });
      });

      it('is resent so often at most; what only comes back is not counted, nor what is undone', async () => {
        const { id } = await accepted();
        const end = () => ledger.end(id, ['queued'], { status: 'failed', reason: 'lost', now: NOW + 1 });
        await end();
        const before = await ledger.find(id);
        if (before === undefined) throw new Error('no entry');
        await ledger.requeue(id, NOW, 2);
        await ledger.undoRequeue(before);
        expect(await ledger.find(id)).toEqual(before);
        await ledger.requeue(id, NOW);
        await end();
        for (const resends of [1, 2]) {
          expect(await ledger.requeue(id, NOW, 2)).toBe(true);
          expect(await ledger.find(id)).toMatchObject({ status: 'queued', resends });
          await end();
        }
        expect(await ledger.requeue(id, NOW, 2)).toBe(false);
        expect(await ledger.find(id)).toMatchObject({ status: 'failed', resends: 2 });
      });
    });

    describe('the sweeps', () => {
      it('call a send uncertain that began in what is now the future: the clock was set back', async () => {
        const [ahead, current] = [await accepted(), await accepted()];
        await ledger.claim(ahead.id, NOW + 3_600_000);
        await ledger.claim(current.id, NOW + 20);
        expect(await ledger.endStuck(NOW - 40, NOW)).toEqual([ahead.id]);
        expect(await ledger.find(ahead.id)).toMatchObject({ status: 'uncertain', reason: 'worker_died' });
      });

      it('expire what is due, at most the limit, and nothing of which a part has arrived', async () => {
        const integrationId = await insertActive();
        const late = await accepted({ integrationId, expiresAt: NOW + 20 });
        const soon = await accepted({ integrationId, expiresAt: NOW + 10 });
        const partly = await accepted({ integrationId, expiresAt: NOW + 1 });
        await accepted({ integrationId, expiresAt: NOW + 21 });
        await accepted({ integrationId });
        await ledger.claim(partly.id, NOW);
        await ledger.addPart(partly.id, 2, 1);
        expect(await ledger.expireDue(NOW + 20, 1)).toEqual([soon.id]);
        expect(await ledger.expireDue(NOW + 20, 10)).toEqual([late.id]);
        expect(await ledger.expireDue(NOW + 20, 10)).toEqual([]);
        expect(await ledger.find(late.id)).toMatchObject({
          status: 'expired',
          reason: null,
          endedAt: NOW + 20,
        });
      });

      it('call a send uncertain whose worker died', async () => {
        const integrationId = await insertActive();
        const [stuck, busy] = [await accepted({ integrationId }), await accepted({ integrationId })];
        await ledger.claim(stuck.id, NOW);
        await ledger.claim(busy.id, NOW + 10);
        expect(await ledger.endStuck(NOW + 10, NOW + 99)).toEqual([stuck.id]);
        expect(await ledger.find(stuck.id)).toMatchObject({
          status: 'uncertain',
          reason: 'worker_died',
          endedAt: NOW + 99,
        });
      });

      it('page through queued entries, oldest first, a requeued one at its new time', async () => {
        const integrationId = await insertActive();
        const [one, two, three, four] = [
          await accepted({ integrationId, createdAt: NOW + 3 }),
          await accepted({ integrationId, createdAt: NOW + 1 }),
          await accepted({ integrationId, createdAt: NOW + 1 }),
          await accepted({ integrationId, createdAt: NOW }),
        ];
        await ledger.end(four.id, ['queued'], { status: 'failed', reason: 'x', now: NOW });
        await ledger.requeue(four.id, NOW + 2);
        const seen: string[] = [];
        let after: string | null = null;
        for (;;) {
          const page: { id: string }[] = await ledger.queuedBefore(NOW + 3, after, 2);
          seen.push(...page.map(({ id }) => id));
          // As the caller does: what it saw may end before it asks for more.
          after = page.at(-1)?.id ?? null;
          if (page.length < 2) break;
          await ledger.end(after ?? '', ['queued'], { status: 'failed', reason: 'lost', now: NOW });
        }
        expect(seen).toEqual([two.id, three.id, four.id]);
        expect(await ledger.queuedBefore(NOW + 4, four.id, 2)).toEqual([
          { id: one.id, integrationId, notice: false },
        ]);
      });

      it('delete what ended long ago, and nothing that is still alive', async () => {
        const integrationId = await insertActive();
        const [old, young, requeued] = [
          await accepted({ integrationId }),
          await accepted({ integrationId }),
          await accepted({ integrationId }),
        ];
        for (const [alert, now] of [
          [old, NOW],
          [young, NOW + 2],
          [requeued, NOW],
        ] as const) {
          await ledger.end(alert.id, ['queued'], { status: 'failed', reason: 'x', now });
        }
        await ledger.requeue(requeued.id, NOW + 5);
        expect(await ledger.purge(NOW + 2)).toBe(1);
        expect(await ledger.find(old.id)).toBeUndefined();
        expect(await ledger.purge(NOW + 2)).toBe(0);
      });

      it('count every status, also those without entries', async () => {
        const integrationId = await insertActive();
        await accepted({ integrationId });
        await accepted({ integrationId });
        const sending = await accepted({ integrationId });
        await ledger.claim(sending.id, NOW);
        expect(await ledger.countByStatus()).toEqual({
          queued: 2,
          sending: 1,
          delivered: 0,
          failed: 0,
          uncertain: 0,
          expired: 0,
        });
      });
    });

    it('finds nothing for ids that are none', async () => {
      expect(await ledger.find('no uuid')).toBeUndefined();
      expect(await ledger.findByKey(1, 'unknown', 0)).toBeUndefined();
      expect(await ledger.claim('no uuid', NOW)).toBe(false);
    });
  });
}
