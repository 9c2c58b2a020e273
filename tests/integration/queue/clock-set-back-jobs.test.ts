import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createEventBus } from '../../../src/domain/events.ts';
import { createMaintenanceQueue } from '../../../src/queue/maintenance-queue.ts';
import { alertJob, DELIVERED, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** As in src/queue/maintenance-queue.ts. */
const UPKEEP_EVERY_MS = 10_000;
const PATIENCE = { timeout: 20_000 };

let server: TestRedis;
let rig: EngineRig;
let trueNow = Date.now;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.close();
});
afterAll(() => server.stop());

/** What the clock of this machine shows, apart from Redis's. It runs on. */
function setClock(byMs: number): void {
  vi.restoreAllMocks();
  trueNow = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => trueNow.call(Date) + byMs);
}

describe('alerts that were put off before the clock was set back', () => {
  /** Looks at each once, puts it off for a second, and delivers it at the second look. */
  function deliverAtSecondLook() {
    const looks = new Map<string, number>();
    const deliver: Parameters<EngineRig['work']>[0] = async ({ alertId }) => {
      const look = (looks.get(alertId) ?? 0) + 1;
      looks.set(alertId, look);
      return look === 1 ? { kind: 'defer', ms: 1_000, called: false } : DELIVERED;
    };
    return { looks, deliver };
  }
  const isDone = (id: string) => expect.poll(() => rig.queue.getJobState(id), PATIENCE).toBe('completed');

  it('are sent in time while the worker runs', async () => {
    rig = await openEngineRig(server);
    const { looks, deliver } = deliverAtSecondLook();
    setClock(HOUR_MS);
    await rig.alerts.add(alertJob('a1', 'aa'), SEALED);
    await rig.work(deliver);
    await expect.poll(() => rig.queue.getJobState('a1'), PATIENCE).toBe('delayed');
    setClock(0);
    await isDone('a1');
    expect(looks.get('a1')).toBe(2);
  }, 30_000);

  it('are sent in time by a worker that starts afterwards; scheduled ones wait for theirs', async () => {
    rig = await openEngineRig(server);
    const { looks, deliver } = deliverAtSecondLook();
    setClock(HOUR_MS);
    await rig.alerts.add(alertJob('a1', 'aa'), SEALED);
    await rig.alerts.add(alertJob('later', 'bb', { deliverAt: Date.now() + HOUR_MS }), SEALED);
    const first = await rig.work(deliver);
    await expect.poll(() => rig.queue.getJobState('a1'), PATIENCE).toBe('delayed');
    await first.stop();
    setClock(0);
    await rig.work(deliver);
    await isDone('a1');
    expect(looks.has('later')).toBe(false);
    expect(await rig.queue.getJobState('later')).toBe('delayed');
  }, 30_000);

  it("are not held up by the limiter's key, though Redis's clock was set back with it", async () => {
    rig = await openEngineRig(server, { sendDelayMs: 1_000 });
    const sent: string[] = [];
    await rig.work(async ({ alertId }) => {
      sent.push(alertId);
      return DELIVERED;
    });
    await rig.alerts.add(alertJob('a1', 'aa'), SEALED);
    await expect.poll(() => sent, PATIENCE).toEqual(['a1']);
    // As long as Redis, whose keys end by the time of day, would keep it.
    await rig.fast.set(rig.queue.toKey('limiter'), '1', 'PX', HOUR_MS);
    await rig.alerts.add(alertJob('a2', 'aa'), SEALED);
    await expect.poll(() => sent, PATIENCE).toEqual(['a1', 'a2']);
  }, 30_000);

  it('do not wait for an alert that was given up between its place and its job', async () => {
    rig = await openEngineRig(server);
    await rig.places.reserve([{ job: alertJob('gone', 'aa'), due: 'now', sealed: SEALED }]);
    await rig.alerts.add(alertJob('a2', 'aa'), SEALED);
    await rig.fast.zincrby(rig.keys.pending, HOUR_MS, 'gone');
    await expect
      .poll(async () => (await rig.pace.take(alertJob('a2', 'aa'))).kind, { timeout: 10_000, interval: 200 })
      .toBe('go');
  }, 20_000);
});

describe('the scheduled jobs', () => {
  it.each([
    ['an hour', HOUR_MS],
    ['a hundred days', 100 * DAY_MS],
  ])(
    'run as before after the clock was set back by %s',
    async (_, stepMs) => {
      rig = await openEngineRig(server);
      let upkeeps = 0;
      const queue = createMaintenanceQueue({
        redis: rig.patient,
        prefix: rig.prefix,
        timeZone: 'UTC',
        maintenance: {
          resetQuotas: async () => undefined,
          resetQuotasNow: async () => 0,
          catchUp: async () => undefined,
          owesBackup: async () => false,
          backup: async () => 'file',
        },
        upkeep: {
          upkeep: async () => {
            upkeeps += 1;
          },
        },
        events: createEventBus(),
        onError: () => undefined,
      });
      setClock(stepMs);
      await queue.start();
      try {
        await expect.poll(() => upkeeps, PATIENCE).toBeGreaterThan(0);
        setClock(0);
        const before = upkeeps;
        await expect.poll(() => upkeeps, PATIENCE).toBeGreaterThan(before);
        /** In how many ms at most each comes next: upkeep not an hour later, a daily one not a hundred days later. */
        const most: Readonly<Record<string, number>> = {
          upkeep: 2 * UPKEEP_EVERY_MS,
          'reset-quotas': 2 * DAY_MS,
          backup: 2 * DAY_MS,
        };
        const late = async () => {
          const schedules = await queue.queue.getJobSchedulers();
          const far = schedules.filter(({ key, next }) => Number(next) > Date.now() + (most[key] ?? 0));
          return { known: schedules.map(({ key }) => key).sort(), far };
        };
        await expect.poll(late, PATIENCE).toEqual({ known: Object.keys(most).sort(), far: [] });
      } finally {
        await queue.stop();
      }
    },
    50_000,
  );
});
