import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import type { Database } from '../../../src/db/engine/connect.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import { createJobRuns } from '../../../src/db/jobs/job-runs.ts';
import { createStatisticsRepository } from '../../../src/db/statistics/statistics-repository.ts';
import { createEventBus } from '../../../src/domain/events.ts';
import { NO_OUTCOMES, SLOT_MS } from '../../../src/domain/statistics.ts';
import type { AlertLedger, NewAlert } from '../../../src/services/ports/alerts.ts';
import type { StatisticsRepository } from '../../../src/services/ports/statistics.ts';
import { startRefusalCounter } from '../../../src/services/statistics/refusal-counter.ts';
import { createStatisticsService } from '../../../src/services/statistics/statistics.ts';
import { DAY_MS, NOW, newAlert, type TestDatabases } from './databases.ts';

/** In Kathmandu (+05:45) the day of NOW (17:45 there) began at 18:15 UTC the day before. */
const ZONE = 'Asia/Kathmandu';
const MIDNIGHT = Date.UTC(2026, 10, 23, 18, 15);

/** What the statistics do, on the tables and through the service. */
export function describeStatistics(databases: TestDatabases): void {
  describe(`the statistics on ${databases.name}`, () => {
    let db: Database;
    let ledger: AlertLedger;
    let statistics: StatisticsRepository;
    let ids: number[];
    let now = NOW;
    const clock = { now: () => now };

    beforeAll(async () => {
      db = await databases.open();
      ledger = createAlertLedger(db, { idempotencyWindowMs: DAY_MS });
      statistics = createStatisticsRepository(db);
      const repository = createIntegrationRepository(db);
      const added = [];
      for (const name of ['one', 'two', 'three'])
        added.push((await repository.insertPending(-77, name, 1_000, NOW)).id);
      ids = added;
      await db.knex('Integrations').update({ status: 'active' });
    });
    afterAll(() => db.close());
    beforeEach(async () => {
      now = NOW;
      for (const table of ['Alerts', 'DailyCounts', 'Refusals', 'QuotaHits', 'JobRuns'])
        await db.knex(table).delete();
    });

    const createService = () =>
      createStatisticsService({ statistics, jobRuns: createJobRuns(db), clock, timeZone: ZONE });

    async function accept(createdAt: number, changes: Partial<NewAlert> = {}): Promise<string> {
      const alert = newAlert(ids[0] ?? 0, { createdAt, ...changes });
      expect(await ledger.accept(alert)).toMatchObject({ kind: 'accepted' });
      return alert.id;
    }
    async function end(
      id: string,
      status: 'delivered' | 'failed' | 'uncertain' | 'expired',
      at: number,
      reason: string | null = null,
    ): Promise<void> {
      expect(await ledger.end(id, ['queued', 'sending'], { status, reason, now: at })).toBe(true);
    }

    it('count what was accepted and what ended in a time, by reason; notices are no alerts', async () => {
      const [first = 0, second = 0] = ids;
      await end(await accept(NOW), 'delivered', NOW + 1);
      await end(await accept(NOW, { integrationId: second }), 'failed', NOW + 2, 'bot_blocked');
      await end(await accept(NOW), 'failed', NOW + 2, 'bot_blocked');
      await end(await accept(NOW), 'failed', NOW + 3, 'lost');
      await end(await accept(NOW), 'uncertain', NOW + 3, 'timeout');
      await end(await accept(NOW), 'expired', NOW + 4);
      await end(await accept(NOW - DAY_MS), 'delivered', NOW + 5);
      await end(await accept(NOW), 'delivered', NOW + DAY_MS);
      await end(await accept(NOW, { integrationId: ids[2] ?? 0 }), 'delivered', NOW + 20 * DAY_MS);
      await accept(NOW);
      await accept(NOW + DAY_MS);
      await db
        .knex('Alerts')
        .where({ id: await accept(NOW) })
        .update({ folded: 'incident' });
      const notice = newAlert(first, { createdAt: NOW });
      await ledger.addNotice(notice);
      await end(notice.id, 'delivered', NOW + 1);
      expect(await statistics.outcomes(NOW, NOW + 1_000)).toEqual({
        ...{ accepted: 10, folded: 1, delivered: 2, expired: 1 },
        failed: { bot_blocked: 2, lost: 1 },
        uncertain: { timeout: 1 },
      });
      expect(await statistics.activeIntegrations(NOW, NOW + 1_000)).toBe(3);
      // The notice was sent as well; what was folded was not.
      expect(await statistics.sendsByMinute(NOW, NOW + 120_000)).toEqual(new Map([[0, 3]]));
      await ledger.withdraw(await accept(NOW), first);
      expect((await statistics.outcomes(NOW, NOW + 1_000)).accepted).toBe(10);
    });

    it('add the refusals of several processes, and those that a restart or a lost database kept back', async () => {
      const begin = () => {
        const events = createEventBus();
        let isDown = false;
        const counter = startRefusalCounter({
          statistics: {
            addRefusals: async (...rows) => {
              if (isDown) throw new Error('down');
              await statistics.addRefusals(...rows);
            },
          },
          ...{ events, clock, timeZone: ZONE },
        });
        const setDown = (down: boolean) => {
          isDown = down;
        };
        const refuse = (integrationId?: number) => {
          const of = integrationId === undefined ? {} : { integrationId, chat: 'hash' };
          events.emit('alert.refused', {
            code: integrationId === undefined ? 'queue_full' : 'quota_exhausted',
            ...of,
          });
          if (integrationId !== undefined) events.emit('quota.exhausted', { integrationId, chat: 'hash' });
        };
        return { counter, refuse, setDown };
      };
      const [one, two] = [begin(), begin()];
      for (let n = 0; n < 20; n += 1) for (const { refuse } of [one, two]) refuse();
      one.refuse(ids[1]);
      two.refuse(ids[1]);
      two.refuse(ids[2]);
      await Promise.all([one.counter.stop(), two.counter.stop()]);
      const again = begin();
      again.setDown(true);
      again.refuse();
      await again.counter.write();
      again.setDown(false);
      now = NOW + SLOT_MS;
      again.refuse();
      await again.counter.stop();

      const slot = NOW - (NOW % SLOT_MS);
      const rows = await statistics.refusals(slot, slot + 2 * SLOT_MS);
      expect(rows.map((row) => Object.values(row).join(' ')).sort()).toEqual([
        `${slot} queue_full 41`,
        `${slot} quota_exhausted 3`,
        `${slot + SLOT_MS} queue_full 1`,
      ]);
      expect(await statistics.quotaHits('2026-11-01', '2026-11-24', 1)).toEqual([
        { integrationId: ids[1], name: 'two', chatId: -77, today: 2, inAll: 2 },
      ]);
    });

    it('close each day once, whoever does it, and know today without', async () => {
      await createJobRuns(db).succeeded('upkeep', NOW);
      await createIntegrationRepository(db).markQuotaReset('2026-11-22', MIDNIGHT - DAY_MS - 1);
      await end(await accept(MIDNIGHT - 2), 'delivered', MIDNIGHT - 1);
      await end(await accept(MIDNIGHT - 2), 'failed', MIDNIGHT, 'lost');
      await statistics.addRefusals([{ slot: MIDNIGHT - SLOT_MS, code: 'quota_exhausted', count: 4 }], []);
      now = MIDNIGHT + 30_000;
      await createService().closeDays();
      expect((await statistics.closedRange())?.last).toBe('2026-11-22');
      now = NOW;
      await Promise.all([createService().closeDays(), createService().closeDays()]);
      // What a closed day holds does not change when the ledger forgets.
      await db.knex('Alerts').delete();
      await end(await accept(NOW), 'delivered', NOW + 1);
      now = NOW + 2;
      const none = { uncertain: 0, expired: 0, folded: 0 };
      expect(await createService().daily('2026-11-01', '2027-01-01')).toEqual([
        {
          ...none,
          ...{ date: '2026-11-22', accepted: 0, delivered: 0, failed: 0, refused: 0, quotaHits: 0 },
          activeIntegrations: 0,
        },
        {
          ...none,
          ...{ date: '2026-11-23', accepted: 2, delivered: 1, failed: 0, refused: 4, quotaHits: 4 },
          activeIntegrations: 1,
        },
        {
          ...none,
          ...{ date: '2026-11-24', accepted: 1, delivered: 1, failed: 0, refused: 0, quotaHits: 0 },
          activeIntegrations: 1,
        },
      ]);
      const month = await createService().lastMonth();
      expect(month).toMatchObject({ accepted: 3, delivered: 2, refused: { quota_exhausted: 4 } });
      expect(month.days).toHaveLength(30);
    });

    it('open the days again that a clock ahead has closed', async () => {
      await statistics.closeDay('2026-11-22', NO_OUTCOMES);
      await statistics.closeDay('2026-11-25', NO_OUTCOMES);
      await createService().closeDays();
      expect(await statistics.closedRange()).toEqual({ first: '2026-11-22', last: '2026-11-23' });
    });
  });
}
