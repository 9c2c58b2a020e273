import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import { createChatRepository } from '../../../src/db/chats/chat-repository.ts';
import type { Database } from '../../../src/db/engine/connect.ts';
import { migrate } from '../../../src/db/engine/migrate.ts';
import { installationId, keepKeyFingerprint, replaceKeyFingerprint } from '../../../src/db/installation.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import type { AlertLedger } from '../../../src/services/ports/alerts.ts';
import type { ChatRepository } from '../../../src/services/ports/chats.ts';
import { newAlert, type TestDatabases } from './databases.ts';

const NOW = 1_700_000_000_000;

export function describeChats(kind: TestDatabases): void {
  describe(`chats on ${kind.name}`, () => {
    let db: Database;
    let chats: ChatRepository;
    let ledger: AlertLedger;

    beforeAll(async () => {
      db = await kind.open();
      chats = createChatRepository(db);
      ledger = createAlertLedger(db, { idempotencyWindowMs: 1_000 });
    });
    afterAll(() => db.close());

    async function integrate(chatId: number): Promise<number> {
      const { id } = await createIntegrationRepository(db).insertPending(chatId, 'one', 10, NOW);
      await db.knex('Integrations').where({ id }).update({ status: 'active' });
      await chats.register(chatId, NOW);
      return id;
    }

    it('are registered once, and listed with their integrations', async () => {
      await integrate(-1_002_345_678_901);
      await chats.register(-1_002_345_678_901, NOW + 5);
      expect(await chats.find(-1_002_345_678_901)).toEqual({
        chatId: -1_002_345_678_901,
        registeredAt: NOW,
        blockedAt: null,
      });
      expect(await chats.list()).toContainEqual({
        chatId: -1_002_345_678_901,
        registeredAt: NOW,
        blockedAt: null,
        integrations: 1,
      });
      expect(await chats.find(5)).toBeUndefined();
    });

    it('take no alerts while they are blocked, and lose those that wait; others go on', async () => {
      const [blocked, other] = [await integrate(101), await integrate(102)];
      const waiting = newAlert(blocked);
      expect((await ledger.accept(waiting)).kind).toBe('accepted');
      expect((await ledger.accept(newAlert(other))).kind).toBe('accepted');
      expect(await chats.block(101, NOW)).toEqual([{ id: waiting.id, integrationId: blocked }]);
      expect(await ledger.find(waiting.id)).toMatchObject({ status: 'failed', reason: 'blocked' });
      expect(await ledger.accept(newAlert(blocked))).toMatchObject({
        kind: 'not_active',
        integration: { status: 'active', isBlocked: true },
      });
      expect((await ledger.accept(newAlert(other))).kind).toBe('accepted');
      await chats.unblock(101);
      expect((await ledger.accept(newAlert(blocked))).kind).toBe('accepted');
    });

    it('let no alert through that is accepted at the moment of the block', async () => {
      const id = await integrate(103);
      const alerts = Array.from({ length: 20 }, () => newAlert(id));
      await db.knex('Integrations').where({ id }).update({ rateLimit: 100, dailyLimit: 100 });
      await Promise.all([
        ...alerts.slice(0, 10).map((alert) => ledger.accept(alert)),
        chats.block(103, NOW),
        ...alerts.slice(10).map((alert) => ledger.accept(alert)),
      ]);
      const left = await db.knex('Alerts').where({ integrationId: id, status: 'queued' });
      expect(left).toEqual([]);
    });

    it('keep their block when they get a new id', async () => {
      await chats.register(-104, NOW);
      await chats.block(-104, NOW);
      await chats.move(-104, -1_000_000_000_104);
      await chats.move(-104, -1_000_000_000_104);
      expect(await chats.find(-104)).toBeUndefined();
      expect(await chats.find(-1_000_000_000_104)).toMatchObject({ registeredAt: NOW, blockedAt: NOW });
    });

    it('come in by an invitation once, of however many that try, and not when it has expired', async () => {
      await chats.addInvite('once', NOW + 100, NOW);
      const tries = await Promise.all([1, 2, 3, 4].map((n) => chats.redeemInvite('once', 200 + n, NOW + 99)));
      expect(tries.filter(Boolean)).toHaveLength(1);
      await chats.addInvite('late', NOW + 100, NOW);
      expect(await chats.redeemInvite('late', 300, NOW + 100)).toBe(false);
      expect(await chats.find(300)).toBeUndefined();
      expect(await chats.redeemInvite('never made', 300, NOW)).toBe(false);
    });

    it('are those of the integrations that there were before', async () => {
      await integrate(400);
      await db.knex('Chats').delete();
      await db.knex.migrate.down({ name: '20261128020000_chats' } as never);
      await migrate(db);
      expect(await chats.find(400)).toEqual({ chatId: 400, registeredAt: NOW, blockedAt: null });
    });
  });

  describe(`the key of a database on ${kind.name}`, () => {
    it('is kept from the first start on, until nothing would be lost or the operator says so', async () => {
      const db = await kind.open();
      await installationId(db);
      expect(await keepKeyFingerprint(db, 'first')).toBe('first');
      // Nothing depends on it yet.
      expect(await keepKeyFingerprint(db, 'second')).toBe('second');
      const { id } = await createIntegrationRepository(db).insertPending(1, 'one', 10, NOW);
      await db.knex('Integrations').where({ id }).update({ status: 'active' });
      expect(await keepKeyFingerprint(db, 'third')).toBe('second');
      await replaceKeyFingerprint(db, 'third');
      expect(await keepKeyFingerprint(db, 'third')).toBe('third');
      await db.close();
    });
  });
}
