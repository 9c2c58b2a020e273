import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import type { Database } from '../../../src/db/engine/connect.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import type { Integration } from '../../../src/domain/integration.ts';
import type { AlertLedger } from '../../../src/services/ports/alerts.ts';
import type { IntegrationRepository } from '../../../src/services/ports/integrations.ts';
import { DAY_MS, NOW, newAlert, type TestDatabases } from './databases.ts';

const LIMIT = 10;
const NEXT = { scope: 'alert:send', name: null, expiresAt: NOW + DAY_MS, now: NOW };

/** What a chat's integrations may spend and hold, on every database. */
export function describeLimits(databases: TestDatabases): void {
  describe(`the limits of a chat on ${databases.name}`, () => {
    let db: Database;
    let repository: IntegrationRepository;
    let ledger: AlertLedger;
    let chats = -1_003_000_000_000;
    const nextChat = (): number => --chats;

    beforeAll(async () => {
      db = await databases.open();
      repository = createIntegrationRepository(db);
      ledger = createAlertLedger(db, { idempotencyWindowMs: DAY_MS });
    });
    afterAll(() => db.close());

    async function pending(chatId: number, dailyLimit = LIMIT): Promise<{ id: number; hash: string }> {
      const { id } = await repository.insertPending(chatId, 'x', dailyLimit, NOW);
      const hash = `${id}`.padStart(64, 'a');
      await repository.storeSetupToken(id, 'x', hash, NOW + 1000, NOW);
      return { id, hash };
    }
    const activate = ({ id, hash }: { id: number; hash: string }, maxPerChat = 20) =>
      repository.activate(id, hash, { ...NEXT, tokenHash: `${id}`.padStart(64, 'b'), maxPerChat });
    async function active(chatId: number): Promise<Integration> {
      const made = await activate(await pending(chatId));
      if (made === undefined || made === 'too_many') throw new Error('not activated');
      return made;
    }
    const spend = async (id: number, units: number): Promise<void> => {
      for (let unit = 0; unit < units; unit += 1) await ledger.accept(newAlert(id));
    };
    const left = async (id: number) => (await repository.findById(id))?.rateLimit;

    it('a new integration starts without what revoked ones have spent today', async () => {
      const chat = nextChat();
      const first = await active(chat);
      await spend(first.id, 7);
      expect((await active(chat)).rateLimit).toBe(LIMIT);
      await repository.revoke(first.id, NOW);
      const second = await active(chat);
      expect(second.rateLimit).toBe(3);
      // What was carried over is not counted as spent again, but what it spends itself is.
      await spend(second.id, 1);
      await repository.revoke(second.id, NOW);
      expect((await active(chat)).rateLimit).toBe(2);
      expect((await active(nextChat())).rateLimit).toBe(LIMIT);
    });

    it('never below zero, and only until the reset', async () => {
      const chat = nextChat();
      for (let round = 0; round < 2; round += 1) {
        const one = await active(chat);
        await spend(one.id, LIMIT);
        await repository.revoke(one.id, NOW);
      }
      const late = await active(chat);
      expect(late.rateLimit).toBe(0);
      await repository.resetQuotas('2027-01-01', NOW, LIMIT);
      expect(await left(late.id)).toBe(LIMIT);
      await repository.revoke(late.id, NOW);
      expect((await active(chat)).rateLimit).toBe(LIMIT);
    });

    it('a chat has at most so many active ones, also under concurrent calls', async () => {
      const chat = nextChat();
      const many = await Promise.all(Array.from({ length: 12 }, () => pending(chat)));
      const made = await Promise.all(many.map((one) => activate(one, 5)));
      expect(made.filter((one) => one === 'too_many')).toHaveLength(7);
      expect((await repository.findByChat(chat)).filter(({ status }) => status === 'active')).toHaveLength(5);
      const [winner] = made.flatMap((one) => (one === undefined || one === 'too_many' ? [] : [one]));
      await repository.revoke(winner?.id ?? 0, NOW);
      const loser = many[made.indexOf('too_many')] ?? { id: 0, hash: '' };
      expect(await activate(loser, 5)).toMatchObject({ status: 'active' });
      expect(await activate(loser, 5)).toBeUndefined();
    });

    it('a changed MAX_ALERTS arrives with the reset, except where the limit is its own', async () => {
      const common = await active(nextChat());
      const special = await active(nextChat());
      await db.knex('Integrations').where({ id: special.id }).update({ dailyLimit: 50, ownLimit: 1 });
      await repository.resetQuotas('2027-02-01', NOW, 25);
      expect(await repository.findById(common.id)).toMatchObject({ rateLimit: 25, dailyLimit: 25 });
      expect(await repository.findById(special.id)).toMatchObject({ rateLimit: 50, dailyLimit: 50 });
      await repository.resetQuotas('2027-02-02', NOW, LIMIT);
      expect(await repository.findById(common.id)).toMatchObject({ rateLimit: LIMIT, dailyLimit: LIMIT });
    });

    it('a reset that was cut off goes on behind the last integration that it was done with', async () => {
      const done = await active(nextChat());
      const open = await active(nextChat());
      await spend(done.id, 4);
      await spend(open.id, 4);
      await db
        .knex('JobRuns')
        .insert({ name: 'quota-reset', slot: '2027-03-01', ranAt: NOW, position: done.id });
      const answers = await Promise.all(
        [1, 2, 3].map(() => repository.resetQuotas('2027-03-01', NOW, LIMIT)),
      );
      expect(answers.filter((one) => one !== undefined)).toHaveLength(1);
      expect([await left(done.id), await left(open.id)]).toEqual([LIMIT - 4, LIMIT]);
    });

    it('purges what was revoked or never used long ago, but nothing that the ledger still names', async () => {
      const chat = nextChat();
      const [used, unused, kept] = [await active(chat), await active(chat), await active(chat)];
      await spend(used.id, 1);
      await repository.revoke(used.id, NOW);
      await repository.revoke(unused.id, NOW);
      const never = await pending(chat);
      const olderThan = (ms: number) => ({ revoked: NOW + ms, pending: NOW + ms });
      await repository.purge(olderThan(0));
      expect(await repository.findById(unused.id)).toBeDefined();
      expect(await repository.findById(never.id)).toBeDefined();
      await repository.purge(olderThan(2_000));
      expect(await repository.findById(unused.id)).toBeUndefined();
      expect(await repository.findById(never.id)).toBeUndefined();
      expect(await repository.findById(used.id)).toBeDefined();
      expect(await repository.findById(kept.id)).toBeDefined();
      await db.knex('Alerts').where({ integrationId: used.id }).update({ status: 'sending', endedAt: null });
      await repository.purge(olderThan(2_000));
      expect(await repository.findById(used.id)).toBeDefined();
      await db.knex('Alerts').where({ integrationId: used.id }).delete();
      expect(await repository.purge(olderThan(2_000))).toBeGreaterThan(0);
      expect(await repository.findById(used.id)).toBeUndefined();
    });
  });
}
