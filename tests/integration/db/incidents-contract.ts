import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import type { Database } from '../../../src/db/engine/connect.ts';
import { createIncidentRepository } from '../../../src/db/incidents/incident-repository.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import type { AlertLedger } from '../../../src/services/ports/alerts.ts';
import type { FoldingAlert, IncidentRepository } from '../../../src/services/ports/incidents.ts';
import type { IntegrationRepository } from '../../../src/services/ports/integrations.ts';
import { DAY_MS, NOW, newAlert, type TestDatabases } from './databases.ts';

const MINUTE = 60_000;
const OPTIONS = { ringAgainMs: 60 * MINUTE, staleMs: 3 * DAY_MS, maxFolded: 5, windowMs: DAY_MS };

/** What every IncidentRepository does. */
export function describeIncidentRepository(databases: TestDatabases): void {
  describe(`incidents on ${databases.name}`, () => {
    let db: Database;
    let incidents: IncidentRepository;
    let ledger: AlertLedger;
    let integrations: IntegrationRepository;
    let of: number;

    beforeAll(async () => {
      db = await databases.open();
      incidents = createIncidentRepository(db, OPTIONS);
      ledger = createAlertLedger(db, { idempotencyWindowMs: DAY_MS });
      integrations = createIntegrationRepository(db);
    });
    afterAll(() => db.close());
    beforeEach(async () => {
      of = (await integrations.insertPending(-77, 'x', 10, NOW)).id;
      await db.knex('Integrations').where({ id: of }).update({ status: 'active' });
    });

    const keyed = (change: Partial<FoldingAlert> = {}): FoldingAlert => ({
      ...newAlert(of),
      keyHash: 'k',
      resolve: false,
      notice: () => newAlert(of),
      ...change,
    });
    const take = async (change: Partial<FoldingAlert> = {}) => {
      const alert = keyed(change);
      return { id: alert.id, ...(await incidents.takeIn(alert)) };
    };
    const shown = (version: number, ...textIds: string[]) => ({ version, textIds });
    const row = async (id: string) => {
      const found = await incidents.find(id);
      if (found === undefined) throw new Error('no such incident');
      return found;
    };
    const status = async (id: string) => (await ledger.find(id))?.status;
    const never = () => {
      throw new Error('nothing is made anew');
    };
    /** Its first message has arrived. */
    async function opened(): Promise<string> {
      const { id } = await take();
      await arrive(id, 7);
      await incidents.settleLead(id, shown(1), NOW, never);
      return id;
    }
    async function arrive(alertId: string, messageId: number): Promise<void> {
      await ledger.claim(alertId, NOW);
      const end = { status: 'delivered', reason: null, now: NOW, part: { parts: 1, messageId } } as const;
      await ledger.end(alertId, ['sending'], end);
    }

    it('opens, joins, folds, resolves and opens anew, and takes a unit for a message alone', async () => {
      const first = await take();
      expect(first).toMatchObject({ kind: 'accepted', remaining: 9, incidentId: first.id });
      const joined = await take();
      expect(joined).toMatchObject({ kind: 'folded', remaining: 9, supersededTextId: first.id });
      expect(await row(first.id)).toMatchObject({
        count: 2,
        version: 2,
        leadId: first.id,
        textId: joined.id,
      });
      await arrive(first.id, 7);
      expect(await incidents.settleLead(first.id, shown(2), NOW, never)).toMatchObject({
        status: 'delivered',
        ended: [{ id: joined.id }],
      });
      expect(await row(first.id)).toMatchObject({ messageId: 7, leadId: null, shownVersion: 2 });
      const end = await take({ resolve: true });
      expect(end).toMatchObject({ kind: 'folded', showsText: false, supersededTextId: null });
      expect(await row(first.id)).toMatchObject({
        ...{ state: 'resolved', count: 2, resolvedAt: NOW, closedAt: NOW, reply: 'resolved' },
      });
      expect(await take({ resolve: 'if-open' })).toMatchObject({ kind: 'ignored' });
      expect(await take()).toMatchObject({ kind: 'accepted', remaining: 8 });
    });

    it('checks the sender as an accept does', async () => {
      expect(await take({ integrationId: 999_999 })).toMatchObject({ kind: 'token_invalid' });
      expect(await take({ tokenHash: 'another' })).toMatchObject({ kind: 'token_invalid' });
      expect(await take({ namedChatId: 5 })).toMatchObject({ kind: 'chat_mismatch' });
      await db.knex('Integrations').where({ id: of }).update({ rateLimit: 0 });
      expect(await take()).toMatchObject({ kind: 'quota_exhausted' });
      await db.knex('Integrations').where({ id: of }).update({ status: 'revoked' });
      expect(await take()).toMatchObject({ kind: 'not_active' });
    });

    it('holds an idempotency key as long as it says', async () => {
      const idempotency = { keyHash: `i${of}`, bodyHash: 'b', windowMs: 300_000 };
      const again = (after: number) => take({ idempotency, createdAt: NOW + after });
      const first = await again(0);
      expect(await again(299_999)).toMatchObject({ kind: 'repeated', record: { id: first.id } });
      expect(await row(first.id)).toMatchObject({ count: 1 });
      expect(await again(300_000)).toMatchObject({ kind: 'folded' });
      expect(await again(300_001)).toMatchObject({ kind: 'repeated' });
      expect(await row(first.id)).toMatchObject({ count: 2 });
    });

    it('counts what is folded in a day, and begins anew with the quota', async () => {
      await take();
      for (let folds = 0; folds < 5; folds += 1) expect(await take()).toMatchObject({ kind: 'folded' });
      expect(await take()).toMatchObject({ kind: 'folds_exhausted' });
      await integrations.resetQuotas(`of ${of}`, NOW, 10);
      expect(await take()).toMatchObject({ kind: 'folded' });
    });

    it('of many at once one opens, and repeats of a request are one', async () => {
      const idempotency = { keyHash: `same ${of}`, bodyHash: 'b' };
      const taken = await Promise.all([
        ...[take(), take(), take()],
        ...[take({ idempotency }), take({ idempotency })],
      ]);
      expect(taken.map(({ kind }) => kind)).toEqual(['accepted', 'folded', 'folded', 'folded', 'repeated']);
      expect(await row(taken[0]?.id ?? '')).toMatchObject({ count: 4 });
    });

    it('closes a stale one where the next alert opens another', async () => {
      const id = await opened();
      const next = await take({ createdAt: NOW + 3 * DAY_MS });
      expect(next).toMatchObject({ kind: 'accepted', changed: [id] });
      expect(await row(id)).toMatchObject({ state: 'stale', version: 2 });
    });

    it('takes back what its sender was refused: the count, the text, the end', async () => {
      const id = await opened();
      const kept = await take();
      const refused = await take();
      await incidents.takeBack(refused.id);
      expect(await row(id)).toMatchObject({ count: 2, version: 4, textId: kept.id });
      expect(await ledger.find(refused.id)).toBeUndefined();
      const end = await take({ resolve: true });
      await incidents.takeBack(end.id);
      expect(await row(id)).toMatchObject({ state: 'open', closedAt: null, resolvedAt: null, reply: null });
      await incidents.takeBack(end.id);
      expect(await row(id)).toMatchObject({ count: 2 });
    });

    it('goes with a first alert that was refused, or is led by one of our own if others joined it', async () => {
      const alone = await take();
      await ledger.withdraw(alone.id, of);
      await incidents.settleLead(alone.id, shown(0), NOW, never);
      expect(await incidents.find(alone.id)).toBeUndefined();

      const first = await take();
      const joined = await take();
      await ledger.withdraw(first.id, of);
      const notice = newAlert(of);
      await incidents.settleLead(first.id, shown(0), NOW, () => notice);
      expect(await row(first.id)).toMatchObject({ leadId: notice.id, count: 1, textId: joined.id });
      expect(await ledger.find(notice.id)).toMatchObject({
        status: 'queued',
        incidentId: first.id,
        folded: null,
      });
    });

    it('closes with a first message that fails, and ends what joined it; once', async () => {
      const first = await take();
      const joined = await take();
      await ledger.end(first.id, ['queued'], { status: 'failed', reason: 'lost', now: NOW });
      expect(await incidents.withEndedLead(10)).toContain(first.id);
      expect(await incidents.settleLead(first.id, shown(0), NOW, never)).toMatchObject({
        ...{ status: 'failed', reason: 'lost', ended: [{ id: joined.id }] },
      });
      expect(await incidents.settleLead(first.id, shown(0), NOW, never)).toBeUndefined();
      expect(await row(first.id)).toMatchObject({ state: 'stale', closedAt: NOW, leadId: null });
      expect(await status(joined.id)).toBe('failed');
    });

    it('ends what an edit counts, and shows the newest again after an older one', async () => {
      const id = await opened();
      const [second, third] = [await take(), await take()];
      const ended = await incidents.markShown(id, shown(2, second.id), NOW);
      expect(ended.map((one) => one.id)).toEqual([second.id]);
      expect(await ledger.find(second.id)).toMatchObject({ status: 'delivered', shown: true });
      expect(await status(third.id)).toBe('queued');
      await incidents.markShown(id, shown(3, third.id), NOW);
      await incidents.markShown(id, shown(2, second.id), NOW);
      expect(await row(id)).toMatchObject({ shownVersion: 3, version: 4 });
    });

    it('replaces a lost message once, and takes a reply once', async () => {
      const id = await opened();
      const notices = [newAlert(of), newAlert(of)] as const;
      expect(await incidents.replaceMessage(id, 7, notices[0])).toBe(true);
      expect(await incidents.replaceMessage(id, 7, notices[1])).toBe(false);
      await arrive(notices[0].id, 8);
      await incidents.settleLead(id, shown(1), NOW, never);
      await take({ resolve: true });
      const reply = newAlert(of);
      expect(await incidents.takeReply(id, 'resolved', 8, reply)).toBe(true);
      expect(await incidents.takeReply(id, 'resolved', 8, newAlert(of))).toBe(false);
      expect(await ledger.find(reply.id)).toMatchObject({ replyTo: 8, incidentId: null, remaining: 0 });
      await incidents.putReplyBack(id, 'resolved', reply.id);
      expect(await row(id)).toMatchObject({ reply: 'resolved' });
      expect(await ledger.find(reply.id)).toBeUndefined();
    });

    it('gives up what cannot be edited, finds what is not shown, closes what is silent, purges what is old', async () => {
      const id = await opened();
      const waiting = await take();
      expect(await incidents.unshown(NOW + 1, 1_000)).toContain(id);
      expect(await incidents.unshown(NOW, 1_000)).not.toContain(id);
      const ended = await incidents.giveUp(id, { status: 'failed', reason: 'revoked', now: NOW });
      expect(ended).toMatchObject([{ id: waiting.id }]);
      expect(await incidents.unshown(NOW + 1, 1_000)).not.toContain(id);

      const silent = await opened();
      expect(await incidents.closeStale('incident', NOW, NOW, 1_000)).toContain(silent);
      expect(await row(silent)).toMatchObject({ state: 'stale', version: 2, shownVersion: 1 });
      await incidents.purge(NOW + 1);
      expect(await incidents.find(silent)).toBeUndefined();
    });

    it('writes nothing over what others have changed of an incident meanwhile', async () => {
      const id = await opened();
      const other = await db.knex.transaction();
      await other('Incidents').where({ id }).update({ messageId: 9, reply: 'again', shownVersion: 0 });
      const taking = take();
      // It has begun: it waits for the other's row.
      if (db.dialect === 'postgres') await vi.waitFor(async () => expect(await waiting()).toBe(1));
      await other.commit();
      expect(await taking).toMatchObject({ kind: 'folded' });
      expect(await row(id)).toMatchObject({ ...{ messageId: 9, reply: 'again', shownVersion: 0 }, count: 2 });
    });

    it('waits for nobody in a circle', async () => {
      const id = await opened();
      const refused: string[] = [];
      for (let round = 0; round < 20; round += 1) {
        await db.knex('Incidents').where({ id }).update({ reply: 'again' });
        await db.knex('Integrations').where({ id: of }).update({ folded: 0 });
        const taking = [take(), take()];
        await Promise.all([
          ...taking,
          incidents.markShown(id, shown(1), NOW),
          incidents.takeReply(id, 'again', 7, newAlert(of)),
          ...refused.splice(0).map((alertId) => incidents.takeBack(alertId)),
        ]);
        refused.push(...(await Promise.all(taking.slice(1))).map((taken) => taken.id));
      }
      // The opening one, two of each round, and all but the last taken back.
      expect(await row(id)).toMatchObject({ count: 1 + 2 * 20 - 19, reply: null });
      if (db.dialect === 'postgres') expect(await deadlocks()).toBe(0);
    });

    describe('with a digest', () => {
      const minute = (n: number) => ({ createdAt: NOW + n * MINUTE });
      const unkeyed = (change: Partial<FoldingAlert> = {}) => take({ keyHash: null, ...change });
      beforeEach(async () => {
        await integrations.update(of, { overflow: 'digest' }, NOW);
      });
      const units = (rateLimit: number) =>
        db.knex('Integrations').where({ id: of }).update({ rateLimit, dailyLimit: 1_000 });

      it('folds what is beyond the quota into one message, which shows the newest five', async () => {
        await units(1);
        expect(await unkeyed()).toMatchObject({ kind: 'accepted', remaining: 0 });
        const folded: string[] = [];
        for (let n = 0; n < 5; n += 1) {
          // Two in one batch, once.
          const taken =
            n === 1 ? await Promise.all([unkeyed(), unkeyed({ keyHash: 'k' })]) : [await unkeyed()];
          for (const one of taken) {
            expect(one).toMatchObject({ kind: n < 4 ? 'folded' : 'folds_exhausted', remaining: 0 });
            if (one.kind === 'folded') folded.push(one.id);
          }
        }
        const [first = '', ...later] = folded;
        const digest = await row(first);
        expect(digest).toMatchObject({ state: 'open', count: 5, version: 5, textId: later.at(-1) });
        expect(digest.titleIds).toEqual(folded.toReversed());
        expect(await ledger.find(digest.leadId ?? '')).toMatchObject({
          ...{ status: 'queued', folded: null, incidentId: first },
        });
        expect(await ledger.find(first)).toMatchObject({ folded: 'digest', incidentId: first });
      });

      it('folds what is behind twenty of its own, and what follows until they are out', async () => {
        await units(100);
        const sent: string[] = [];
        for (let n = 0; n < 20; n += 1) sent.push((await unkeyed()).id);
        const folded = await unkeyed();
        expect(folded).toMatchObject({ kind: 'folded', into: 'digest', remaining: 80 });
        for (const [n, id] of sent.slice(1).entries()) await arrive(id, 100 + n);
        expect(await unkeyed()).toMatchObject({ kind: 'folded' });
        await arrive(sent[0] ?? '', 99);
        expect(await unkeyed()).toMatchObject({ kind: 'accepted', remaining: 79 });
        expect(await row(folded.id)).toMatchObject({ count: 2 });
      });

      it('refuses as ever what is for later, and what is beyond without a digest', async () => {
        await units(0);
        expect(await unkeyed({ deliverAt: NOW + MINUTE })).toMatchObject({ kind: 'quota_exhausted' });
        await integrations.update(of, { overflow: 'refuse' }, NOW);
        expect(await unkeyed()).toMatchObject({ kind: 'quota_exhausted' });
      });

      it('ends a minute after the last one, and opens anew', async () => {
        await units(0);
        const first = await unkeyed();
        expect(await unkeyed(minute(0.9))).toMatchObject({ kind: 'folded', incidentId: first.id });
        expect(await incidents.closeStale('digest', NOW + 0.8 * MINUTE, NOW, 1_000)).not.toContain(first.id);
        const second = await unkeyed(minute(1.9));
        expect(second).toMatchObject({ incidentId: second.id, changed: [first.id, second.id] });
        expect(await row(first.id)).toMatchObject({ state: 'stale', closedAt: NOW + 1.9 * MINUTE });
        expect(await incidents.closeStale('digest', NOW + 2 * MINUTE, NOW, 1_000)).toContain(second.id);
        expect(await incidents.unshown(NOW, 1_000)).toEqual(expect.arrayContaining([first.id, second.id]));
      });

      it('ends with the quota', async () => {
        await units(0);
        const first = await unkeyed();
        await integrations.resetQuotas(`digest of ${of}`, NOW, 10);
        expect(await row(first.id)).toMatchObject({ state: 'stale' });
        expect(await unkeyed()).toMatchObject({ kind: 'accepted', remaining: 9 });
      });

      it('takes back what its sender was refused, with the message if it was the only one', async () => {
        await units(0);
        const first = await unkeyed();
        const second = await unkeyed();
        await incidents.takeBack(second.id);
        expect(await row(first.id)).toMatchObject({ count: 1, titleIds: [first.id] });
        const { leadId } = await row(first.id);
        await incidents.takeBack(first.id);
        expect(await incidents.find(first.id)).toBeUndefined();
        expect(await ledger.find(leadId ?? '')).toBeUndefined();
      });

      it('ends what it counts when its message arrives, and says whose titles were on display', async () => {
        await units(0);
        const ids: string[] = [];
        for (let n = 0; n < 2; n += 1) ids.push((await unkeyed()).id);
        const [id = '', second = ''] = ids;
        await arrive((await row(id)).leadId ?? '', 50);
        const end = await incidents.settleLead(id, shown(2, second), NOW, never);
        expect(end?.ended.map((one) => one.id).sort()).toEqual([...ids].sort());
        expect(await row(id)).toMatchObject({ messageId: 50, leadId: null, shownVersion: 2 });
        expect(await ledger.find(second)).toMatchObject({ status: 'delivered', shown: true });
        expect(await ledger.find(id)).toMatchObject({ status: 'delivered', shown: false });
      });

      it('is asked for by an accept, which writes nothing', async () => {
        await units(5);
        const alert = newAlert(of);
        expect(await ledger.accept(alert)).toMatchObject({ kind: 'overflow', integration: { id: of } });
        expect(await ledger.find(alert.id)).toBeUndefined();
        expect(await ledger.accept(newAlert(of, { deliverAt: NOW + MINUTE }))).toMatchObject({
          ...{ kind: 'accepted', remaining: 4 },
        });
      });
    });

    const ask = async (question: string): Promise<number> => {
      const { rows } = await db.knex.raw(`SELECT ${question} AS n`);
      return Number(rows[0].n);
    };
    const waiting = () =>
      ask(
        `(SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())`,
      );
    /** PostgreSQL counts them with a delay; each one also costs a second. */
    const deadlocks = async () => {
      await db.knex.raw('SELECT pg_stat_clear_snapshot(), pg_stat_force_next_flush()');
      return ask('(SELECT deadlocks FROM pg_stat_database WHERE datname = current_database())');
    };

    it('is acknowledged and released once each, however many press, and not once it is over', async () => {
      const id = await opened();
      const by = { sealedName: 'sealed', now: NOW + 5 };
      const taken = await Promise.all([1, 2, 3].map(() => incidents.press(id, 'acknowledge', by)));
      expect(taken.map((one) => one?.changed).sort()).toEqual([false, false, true]);
      expect(await row(id)).toMatchObject({
        ...{ state: 'acknowledged', acknowledgedAt: NOW + 5, acknowledgedBy: 'sealed', version: 2 },
      });
      const folded = await take();
      expect(await row(id)).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'sealed', count: 2 });
      expect(folded).toMatchObject({ kind: 'folded' });
      expect(await incidents.press(id, 'release', by)).toMatchObject({
        changed: true,
        incident: { state: 'open', acknowledgedAt: null, acknowledgedBy: null, version: 4 },
      });
      await incidents.press(id, 'acknowledge', by);
      const end = await take({ resolve: true });
      expect(await incidents.press(id, 'release', by)).toMatchObject({ changed: false });
      expect(await row(id)).toMatchObject({ state: 'resolved', acknowledgedBy: 'sealed' });
      await incidents.takeBack(end.id);
      expect(await row(id)).toMatchObject({ state: 'acknowledged', closedAt: null });
      expect(await incidents.press('nothing', 'acknowledge', by)).toBeUndefined();
    });

    it('has buttons as the alert says, else as its integration is set, and as a later alert asks', async () => {
      const buttons = async (change: Partial<FoldingAlert>) => {
        const { id } = await take({ keyHash: JSON.stringify(change), ...change });
        return (await row(id)).hasButtons;
      };
      expect([await buttons({}), await buttons({ acknowledge: true })]).toEqual([false, true]);
      expect(await integrations.update(of, { acknowledge: true }, NOW)).toMatchObject({ acknowledge: true });
      const set = await take({ keyHash: 'set' });
      expect(await row(set.id)).toMatchObject({ hasButtons: true });
      expect(await buttons({ acknowledge: false })).toBe(false);
      await integrations.update(of, { acknowledge: false }, NOW);
      const later = await take({ keyHash: 'later' });
      await take({ keyHash: 'later', acknowledge: true });
      await take({ keyHash: 'later' });
      expect(await row(later.id)).toMatchObject({ hasButtons: true, count: 3 });
    });

    it('is one of its own for an alert without a key: takes no other, and goes with a refused one', async () => {
      const alert = { ...newAlert(of), deliverAt: NOW + 50 };
      await ledger.accept(alert);
      await incidents.openSingle(alert, true);
      await incidents.openSingle(alert, false);
      expect(await row(alert.id)).toMatchObject({
        ...{ state: 'open', hasButtons: true, leadId: alert.id, version: 1, closedAt: NOW + 50 },
      });
      expect(await ledger.find(alert.id)).toMatchObject({ incidentId: alert.id, folded: null });
      expect(await incidents.closeStale('incident', NOW + 99, NOW, 1_000)).not.toContain(alert.id);
      await ledger.claim(alert.id, NOW);
      await ledger.addPart(alert.id, 2, 7);
      await arrive(alert.id, 8);
      await incidents.settleLead(alert.id, shown(1), NOW, never);
      expect(await row(alert.id)).toMatchObject({ messageId: 8, leadId: null, shownVersion: 1 });
      expect(await incidents.press(alert.id, 'acknowledge', { sealedName: 's', now: NOW })).toMatchObject({
        changed: true,
        incident: { state: 'acknowledged', closedAt: NOW + 50 },
      });

      const refused = newAlert(of);
      await ledger.accept(refused);
      await incidents.openSingle(refused, true);
      await ledger.withdraw(refused.id, of);
      await incidents.settleLead(refused.id, shown(0), NOW, never);
      expect(await incidents.find(refused.id)).toBeUndefined();
    });

    it('leaves folded entries to their message: they are neither lost nor expired', async () => {
      await opened();
      const folded = await take({ expiresAt: NOW - 1 });
      const queued = await ledger.queuedBefore(NOW + 1, null, 1_000);
      expect(queued.map(({ id }) => id)).not.toContain(folded.id);
      expect(await ledger.expireDue(NOW + DAY_MS, 1_000)).not.toContain(folded.id);
    });
  });
}
