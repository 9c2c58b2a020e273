import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import type { Database } from '../../../src/db/engine/connect.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import type { Integration } from '../../../src/domain/integration.ts';
import type { AlertLedger } from '../../../src/services/ports/alerts.ts';
import type { IntegrationRepository } from '../../../src/services/ports/integrations.ts';
import { DAY_MS, NOW, newAlert, type TestDatabases } from './databases.ts';

const HASH = 'a'.repeat(64);
const OTHER_HASH = 'b'.repeat(64);
const DAILY_LIMIT = 3;
const ACTIVE = {
  maxPerChat: 20,
  tokenHash: OTHER_HASH,
  scope: 'alert:send',
  name: null,
  expiresAt: NOW + DAY_MS,
  now: NOW + 1,
};

/** What every IntegrationRepository does. */
export function describeIntegrationRepository(databases: TestDatabases): void {
  describe(`the integration repository on ${databases.name}`, () => {
    let db: Database;
    let repository: IntegrationRepository;
    let ledger: AlertLedger;
    let chats = -1_002_000_000_000;
    /** Every test has a chat of its own, with a number beyond 32 bits. */
    const nextChat = (): number => --chats;

    beforeAll(async () => {
      db = await databases.open();
      repository = createIntegrationRepository(db);
      ledger = createAlertLedger(db, { idempotencyWindowMs: DAY_MS });
    });
    afterAll(() => db.close());

    async function insertActive(chatId = nextChat(), limit = 10): Promise<Integration> {
      const { id } = await repository.insertPending(chatId, 'x', limit, NOW);
      await repository.storeSetupToken(id, 'x', HASH, NOW + 1000, NOW);
      const active = await repository.activate(id, HASH, ACTIVE);
      if (active === undefined || active === 'too_many') throw new Error('not activated');
      return active;
    }

    it('lists all of them, revoked ones too, and which have a limit of their own', async () => {
      const [one, other] = [await insertActive(), await insertActive()];
      await repository.revoke(other.id, NOW);
      await repository.setLimit(one.id, { own: 7, ofAll: 10 }, NOW + 5);
      const listed = (await repository.list()).filter(({ id }) => id === one.id || id === other.id);
      expect(listed).toMatchObject([
        { id: one.id, status: 'active', dailyLimit: 7, hasOwnLimit: true, updatedAt: NOW + 5 },
        { id: other.id, status: 'revoked', hasOwnLimit: false },
      ]);
    });

    it('takes a limit of its own, and gives it back: what is spent stays spent', async () => {
      const { id } = await insertActive(nextChat(), 10);
      const left = async () => {
        const { rateLimit, dailyLimit } = (await repository.findById(id)) ?? {};
        return [rateLimit, dailyLimit];
      };
      const hash = OTHER_HASH;
      for (let times = 0; times < 4; times += 1) await ledger.accept(newAlert(id, { tokenHash: hash }));
      expect(await left()).toEqual([6, 10]);
      expect(await repository.setLimit(id, { own: 50, ofAll: 10 }, NOW)).toBe(true);
      expect(await left()).toEqual([46, 50]);
      await repository.setLimit(id, { own: 3, ofAll: 10 }, NOW);
      expect(await left()).toEqual([0, 3]);
      await repository.setLimit(id, { own: 50, ofAll: 10 }, NOW);
      await repository.resetQuotas(`of its own ${id}`, NOW, 10);
      expect(await left()).toEqual([50, 50]);
      await repository.setLimit(id, { own: null, ofAll: 10 }, NOW);
      expect(await left()).toEqual([10, 10]);
      expect(await repository.setLimit(4_711_000, { own: 1, ofAll: 10 }, NOW)).toBe(false);
    });

    it('gives back as a plain object what it stored', async () => {
      const chatId = nextChat();
      const pending = await repository.insertPending(chatId, 'door bell', 10, NOW);
      expect(pending).toEqual({
        id: expect.any(Number),
        chatId,
        name: 'door bell',
        tokenHash: null,
        scope: '',
        rateLimit: 10,
        dailyLimit: 10,
        status: 'pending',
        expiresAt: null,
        unreachableSince: null,
        unreachableReason: null,
        showName: true,
        overflow: 'refuse',
        acknowledge: false,
        createdAt: NOW,
        updatedAt: NOW,
      });
      const found = await repository.findById(pending.id);
      expect(found).toStrictEqual(pending);
      expect(await repository.findByChat(chatId)).toStrictEqual([pending]);
    });

    it('looks up all ids of one turn with one query, and answers undefined for unknown ones', async () => {
      const one = await insertActive();
      const two = await insertActive();
      const queries: string[] = [];
      const client = db.knex.client;
      const execute = client.execute;
      client.execute = (connection: unknown, statement: { name: string }, params: unknown[]) => {
        queries.push(statement.name);
        return execute.call(client, connection, statement, params);
      };
      try {
        const ids = [one.id, two.id, one.id, 2_000_000_000, 9_000_000_000_000, Number.NaN, 1.5];
        const found = await Promise.all(ids.map((id) => repository.findById(id)));
        expect(found).toEqual([one, two, one, undefined, undefined, undefined, undefined]);
        expect(queries).toEqual(['find-integrations']);
      } finally {
        client.execute = execute;
      }
    });

    it('lists a chat oldest first, and only that chat', async () => {
      const chatId = nextChat();
      const first = await repository.insertPending(chatId, 'first', 10, NOW + 5);
      const second = await repository.insertPending(chatId, 'second', 10, NOW);
      await repository.insertPending(nextChat(), 'other', 10, NOW);
      expect((await repository.findByChat(chatId)).map(({ id }) => id)).toEqual([first.id, second.id]);
    });

    it('reuses the pending integration of that name, else the newest whose setup token is missing or has ended', async () => {
      const chatId = nextChat();
      const find = (now: number, name = 'new') => repository.findReusablePending(chatId, name, now);
      expect(await find(NOW)).toBeUndefined();
      const old = await repository.insertPending(chatId, 'old', 10, NOW);
      const young = await repository.insertPending(chatId, 'young', 10, NOW);
      expect((await find(NOW))?.id).toBe(young.id);
      expect((await find(NOW, 'old'))?.id).toBe(old.id);
      expect(await repository.storeSetupToken(young.id, 'renamed', HASH, NOW + 1000, NOW)).toBe(true);
      expect((await find(NOW))?.id).toBe(old.id);
      expect((await find(NOW, 'renamed'))?.id).toBe(young.id);
      expect((await find(NOW + 1000))?.name).toBe('renamed');
      await repository.activate(young.id, HASH, ACTIVE);
      expect((await find(NOW + DAY_MS * 2, ACTIVE.name ?? 'renamed'))?.id).toBe(old.id);
      expect(await repository.storeSetupToken(young.id, 'renamed', HASH, NOW + 1000, NOW)).toBe(false);
    });

    it('activates with the stored setup token alone, and fills the quota', async () => {
      const { id } = await repository.insertPending(nextChat(), 'named', 7, NOW);
      expect(await repository.activate(id, HASH, ACTIVE)).toBeUndefined();
      await repository.storeSetupToken(id, 'named', HASH, NOW + 1000, NOW);
      expect(await repository.activate(id, OTHER_HASH, ACTIVE)).toBeUndefined();
      expect(await repository.activate(id, HASH, ACTIVE)).toMatchObject({
        status: 'active',
        name: 'named',
        tokenHash: OTHER_HASH,
        scope: 'alert:send',
        rateLimit: 7,
        expiresAt: NOW + DAY_MS,
        updatedAt: NOW + 1,
      });
      expect(await repository.activate(id, OTHER_HASH, ACTIVE)).toBeUndefined();
    });

    it('takes a new name at activation and makes the integration reachable', async () => {
      const chatId = nextChat();
      const { id } = await repository.insertPending(chatId, 'old', 7, NOW);
      await repository.setUnreachable(chatId, NOW, 'blocked');
      await repository.storeSetupToken(id, 'old', HASH, NOW + 1000, NOW);
      const active = await repository.activate(id, HASH, { ...ACTIVE, name: 'new' });
      expect(active).toMatchObject({ name: 'new', unreachableSince: null, unreachableReason: null });
    });

    it('keeps whether a name is shown, which it is unless told otherwise', async () => {
      const { id, showName } = await repository.insertPending(nextChat(), 'x', 3, NOW);
      expect([showName, (await repository.findById(id))?.showName]).toEqual([true, true]);
      await repository.storeSetupToken(id, 'x', HASH, NOW + 1, NOW);
      expect(
        await repository.activate(id, HASH, { ...ACTIVE, showName: false, acknowledge: true }),
      ).toMatchObject({
        showName: false,
        acknowledge: true,
      });
      await repository.setShowName(id, true);
      expect((await repository.findById(id))?.showName).toBe(true);
    });

    it('activates exactly once under 50 concurrent calls', async () => {
      const { id } = await repository.insertPending(nextChat(), 'x', 10, NOW);
      await repository.storeSetupToken(id, 'x', HASH, NOW + 1000, NOW);
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          repository.activate(id, HASH, { ...ACTIVE, tokenHash: `${index}`.padStart(64, 'c') }),
        ),
      );
      const winners = results.flatMap((one) => (one === undefined || one === 'too_many' ? [] : [one]));
      expect(winners).toHaveLength(1);
      expect((await repository.findById(id))?.tokenHash).toBe(winners[0]?.tokenHash);
    });

    it('does not store a setup token on an active integration', async () => {
      const { id } = await insertActive();
      await repository.storeSetupToken(id, 'stolen', HASH, NOW + 1000, NOW);
      expect(await repository.findById(id)).toMatchObject({ name: 'x', tokenHash: OTHER_HASH });
    });

    it('makes an activated integration pending again, while its token is the same', async () => {
      const { id } = await repository.insertPending(nextChat(), 'x', 10, NOW);
      await repository.storeSetupToken(id, 'x', HASH, NOW + 1000, NOW);
      const before = await repository.findById(id);
      if (before === undefined) throw new Error('not found');
      await repository.activate(id, HASH, ACTIVE);
      await repository.undoActivation(before, 'd'.repeat(64));
      expect((await repository.findById(id))?.status).toBe('active');
      await repository.undoActivation(before, OTHER_HASH);
      expect(await repository.findById(id)).toMatchObject({ status: 'pending', tokenHash: HASH });
      expect(await repository.activate(id, HASH, ACTIVE)).toMatchObject({ status: 'active' });
    });

    it('rotates only the token that is stored now, of an active integration', async () => {
      const { id } = await insertActive();
      const next = {
        ...{ tokenHash: HASH, scope: 'alert:send', expiresAt: NOW + 5, now: NOW + 3 },
        revokeKeys: false,
      };
      expect(await repository.rotate(id, 'd'.repeat(64), next)).toBeUndefined();
      expect(await repository.rotate(id, OTHER_HASH, next)).toMatchObject({
        ...{ tokenHash: HASH, scope: 'alert:send' },
        expiresAt: NOW + 5,
      });
      expect(await repository.rotate(id, OTHER_HASH, next)).toBeUndefined();
      await repository.revoke(id, NOW);
      expect(await repository.rotate(id, HASH, next)).toBeUndefined();
    });

    it('changes the settings that are named, of an active integration', async () => {
      const { id } = await insertActive();
      const { name } = (await repository.findById(id)) ?? {};
      expect(await repository.update(id, { overflow: 'digest' }, NOW)).toMatchObject({
        ...{ name, overflow: 'digest', updatedAt: NOW },
      });
      expect(await repository.update(id, { name: 'new' }, NOW)).toMatchObject({ name: 'new' });
      expect(await repository.findById(id)).toMatchObject({ name: 'new', overflow: 'digest' });
      await repository.revoke(id, NOW);
      expect(await repository.update(id, { name: 'x' }, NOW)).toBeUndefined();
    });

    it('revokes once, and ends the queued alerts of that integration alone', async () => {
      const mine = await insertActive();
      const other = await insertActive(mine.chatId);
      const [queued, sending, foreign] = [newAlert(mine.id), newAlert(mine.id), newAlert(other.id)];
      await Promise.all([queued, sending, foreign].map((alert) => ledger.accept(alert)));
      await ledger.claim(sending.id, NOW);
      const revoked = await repository.revoke(mine.id, NOW + 9);
      expect(revoked).toEqual({
        integration: { ...mine, rateLimit: 8, status: 'revoked', tokenHash: null, updatedAt: NOW + 9 },
        alertIds: [queued.id],
      });
      expect(await ledger.find(queued.id)).toMatchObject({
        status: 'failed',
        reason: 'revoked',
        endedAt: NOW + 9,
      });
      expect((await ledger.find(sending.id))?.status).toBe('sending');
      expect((await ledger.find(foreign.id))?.status).toBe('queued');
      expect(await repository.revoke(mine.id, NOW + 10)).toBeUndefined();
      expect(await repository.revoke(2_000_000_000, NOW)).toBeUndefined();
    });

    it('revokes a pending integration too', async () => {
      const { id } = await repository.insertPending(nextChat(), 'x', 10, NOW);
      expect((await repository.revoke(id, NOW))?.integration.status).toBe('revoked');
    });

    it('marks all integrations of a chat unreachable, keeps the first time, and counts what changed', async () => {
      const chatId = nextChat();
      const one = await insertActive(chatId);
      await insertActive(chatId);
      expect(await repository.setUnreachable(chatId, null, null)).toBe(0);
      expect(await repository.setUnreachable(chatId, NOW, 'blocked')).toBe(2);
      expect(await repository.setUnreachable(chatId, NOW + 1, 'kicked')).toBe(0);
      expect(await repository.findById(one.id)).toMatchObject({
        unreachableSince: NOW,
        unreachableReason: 'blocked',
      });
      expect(await repository.setUnreachable(chatId, null, null)).toBe(2);
      expect(await repository.findById(one.id)).toMatchObject({
        unreachableSince: null,
        unreachableReason: null,
      });
    });

    it('counts suspicions in a row; a reachable chat starts anew without counting as one that came back', async () => {
      const chatId = nextChat();
      await insertActive(chatId);
      expect(await repository.addSuspicion(chatId)).toBe(1);
      await insertActive(chatId);
      expect(await repository.addSuspicion(chatId)).toBe(2);
      expect(await repository.setUnreachable(chatId, null, null)).toBe(0);
      expect(await repository.addSuspicion(chatId)).toBe(1);
      expect(await repository.addSuspicion(nextChat())).toBe(0);
    });

    it("a delivery clears a chat's suspicions, of all its integrations and no other chat's", async () => {
      const [chatId, other] = [nextChat(), nextChat()];
      await insertActive(chatId);
      await insertActive(other);
      for (const chat of [chatId, chatId, other]) await repository.addSuspicion(chat);
      await insertActive(chatId);
      await repository.clearSuspicion(chatId);
      expect(await repository.addSuspicion(chatId)).toBe(1);
      expect(await repository.addSuspicion(other)).toBe(2);
    });

    it('moves all integrations of a chat to its new id', async () => {
      const [from, to] = [nextChat(), nextChat()];
      await insertActive(from);
      await insertActive(from);
      expect(await repository.migrateChat(from, to, NOW + 2)).toBe(2);
      expect(await repository.findByChat(from)).toEqual([]);
      expect(await repository.findByChat(to)).toHaveLength(2);
      expect(await repository.migrateChat(from, to, NOW + 2)).toBe(0);
    });

    it('resets a day that a clock which was ahead has marked as done', async () => {
      const { id } = await insertActive(nextChat(), 3);
      const slot = '2031-01-02';
      await repository.resetQuotas(slot, NOW + 2 * DAY_MS, 3);
      await ledger.accept(newAlert(id));
      // The clocks of two machines may differ a little.
      expect(await repository.resetQuotas(slot, NOW + 2 * DAY_MS - 60_000, 3)).toBeUndefined();
      expect((await repository.findById(id))?.rateLimit).toBe(2);
      expect(await repository.resetQuotas(slot, NOW + DAY_MS, 3)).toBeGreaterThan(0);
      expect((await repository.findById(id))?.rateLimit).toBe(3);
      expect(await repository.resetQuotas(slot, NOW + DAY_MS, 3)).toBeUndefined();
    });

    it('resets all quotas once per slot', async () => {
      const used = await insertActive(nextChat(), 3);
      await Promise.all([1, 2, 3].map(() => ledger.accept(newAlert(used.id))));
      expect((await repository.findById(used.id))?.rateLimit).toBe(0);
      const all = Number((await db.knex('Integrations').count({ n: '*' }))[0]?.n);
      expect(await repository.resetQuotas('2026-11-25', NOW, DAILY_LIMIT)).toBe(all);
      expect((await repository.findById(used.id))?.rateLimit).toBe(3);
      await ledger.accept(newAlert(used.id));
      expect(await repository.resetQuotas('2026-11-25', NOW, DAILY_LIMIT)).toBeUndefined();
      expect((await repository.findById(used.id))?.rateLimit).toBe(2);
    });

    it('names the newest reset, and marks one without touching quotas', async () => {
      const fresh = await databases.open();
      try {
        const own = createIntegrationRepository(fresh);
        expect(await own.lastQuotaReset()).toBeUndefined();
        await own.markQuotaReset('2026-11-24', NOW);
        await own.markQuotaReset('2026-11-24', NOW + 1);
        expect(await own.lastQuotaReset()).toBe('2026-11-24');
        expect(await own.resetQuotas('2026-11-24', NOW, DAILY_LIMIT)).toBeUndefined();
        expect(await own.resetQuotas('2026-11-25', NOW + DAY_MS, DAILY_LIMIT)).toBe(0);
        expect(await own.lastQuotaReset()).toBe('2026-11-25');
      } finally {
        await fresh.close();
      }
    });

    it('refuses what the rules forbid, and does not repeat the data in the error', async () => {
      const { id, chatId } = await insertActive();
      for (const broken of [{ status: 'unknown' }, { rateLimit: -1 }]) {
        const error: Error & { detail?: unknown } = await db
          .knex('Integrations')
          .where({ id })
          .update({ ...broken, chatId })
          .then(
            () => new Error('accepted'),
            (reason) => reason,
          );
        expect(error.message).toMatch(/constraint/i);
        expect(error.message).not.toContain(String(chatId));
        expect(error.detail).toBeUndefined();
      }
    });
  });
}
