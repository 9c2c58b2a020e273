import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEventBus } from '../../../src/domain/events.ts';
import { createMaintenanceQueue, type MaintenanceQueue } from '../../../src/queue/maintenance-queue.ts';
import { connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

let prefix = '';
let serial = 0;
let opened: { queue: MaintenanceQueue; redis: RedisClient }[] = [];
/** What ran, in order. */
let ran: string[] = [];
let failures: { job: string; error: unknown }[] = [];
let failing: string | undefined;
/** Last night's backup is not there. */
let owed = false;

function open(timeZone = 'UTC'): MaintenanceQueue {
  const redis = connectRedis(server.connection, 'patient', () => undefined);
  const events = createEventBus();
  events.on('job.failed', (event) => failures.push(event));
  const step = (name: string) => async () => {
    ran.push(name);
    if (failing === name) throw new Error('cannot write /secret/folder for chat 4711');
  };
  const queue = createMaintenanceQueue({
    redis,
    prefix,
    timeZone,
    maintenance: {
      resetQuotas: step('reset-quotas'),
      resetQuotasNow: async () => 0,
      catchUp: step('catch-up'),
      owesBackup: async () => owed,
      backup: async () => {
        await step('backup')();
        return '/secret/folder/file';
      },
    },
    upkeep: { upkeep: step('upkeep') },
    events,
    onError: () => undefined,
  });
  opened.push({ queue, redis });
  return queue;
}

async function stopAll(): Promise<void> {
  for (const { queue, redis } of opened) {
    await queue.stop();
    redis.disconnect();
  }
  opened = [];
}

beforeEach(() => {
  serial += 1;
  prefix = `{maintenance-${process.pid}-${serial}}`;
  ran = [];
  failures = [];
  failing = undefined;
  owed = false;
});
afterEach(stopAll);

const schedulers = async (queue: MaintenanceQueue) => {
  const known = await queue.queue.getJobSchedulers();
  return known.map(({ key, pattern, tz, every }) => ({ key, ...(pattern ? { pattern, tz } : { every }) }));
};
const ready = (queue: MaintenanceQueue) =>
  expect.poll(async () => (await schedulers(queue)).length, { timeout: 5_000 }).toBe(3);
const runs = (name: string) => ran.filter((one) => one === name).length;

/** Makes a scheduled job overdue, as when nothing ran at its time. */
async function missRun(name: string): Promise<void> {
  const redis = connectRedis(server.connection, 'patient', () => undefined);
  const key = `${prefix}:maintenance:delayed`;
  const ids = (await redis.zrange(key, '0', '-1')) as string[];
  const id = ids.find((one) => one.includes(name));
  if (id === undefined) throw new Error(`${name} is not scheduled: ${ids.join(' ')}`);
  // BullMQ keeps the time in the upper bits of the score.
  await redis.zadd(key, (Date.now() - 60_000) * 4_096, id);
  redis.disconnect();
}

describe('the maintenance queue', () => {
  it('makes each schedule once, however many processes start', async () => {
    const queues = [open('Europe/Berlin'), open('Europe/Berlin'), open('Europe/Berlin')];
    await Promise.all(queues.map((queue) => queue.start()));
    for (const queue of queues) await ready(queue);
    const [first] = queues;
    expect((await schedulers(first as MaintenanceQueue)).sort((a, b) => a.key.localeCompare(b.key))).toEqual([
      { key: 'backup', pattern: '0 3 * * *', tz: 'Europe/Berlin' },
      { key: 'reset-quotas', pattern: '0 0 * * *', tz: 'Europe/Berlin' },
      { key: 'upkeep', every: 10_000 },
    ]);
    // Upkeep runs at once, and once.
    await expect.poll(() => runs('upkeep'), { timeout: 5_000 }).toBeGreaterThan(0);
    expect(runs('upkeep')).toBe(1);
    expect(runs('reset-quotas') + runs('backup')).toBe(0);
  });

  it('runs a job that was overdue at the restart, once', async () => {
    const first = open();
    await first.start();
    await ready(first);
    await stopAll();
    await missRun('reset-quotas');
    const [one, two] = [open(), open()];
    await Promise.all([one.start(), two.start()]);
    await expect.poll(() => runs('reset-quotas'), { timeout: 5_000 }).toBe(1);
    // The next one is scheduled, and nothing else is due.
    await expect
      .poll(async () => (await one.queue.getDelayed()).map(({ name }) => name).sort(), { timeout: 5_000 })
      .toEqual(['backup', 'reset-quotas', 'upkeep']);
    expect(runs('reset-quotas')).toBe(1);
    expect(runs('backup')).toBe(0);
  });

  it('follows a changed time zone', async () => {
    const first = open('UTC');
    await first.start();
    await ready(first);
    await stopAll();
    const second = open('Asia/Tokyo');
    await second.start();
    await expect
      .poll(async () => (await second.queue.getJobSchedulers()).flatMap(({ tz }) => tz ?? []), {
        timeout: 5_000,
      })
      .toEqual(['Asia/Tokyo', 'Asia/Tokyo']);
    const next = (await second.queue.getJobScheduler('reset-quotas'))?.next ?? 0;
    expect(new Date(next).toISOString()).toMatch(/T15:00:00\.000Z$/);
  });

  it('looks with each upkeep whether a reset is owed: some midnights do not exist', async () => {
    const queue = open();
    await queue.start();
    await expect.poll(() => runs('upkeep'), { timeout: 5_000 }).toBe(1);
    expect(ran).toEqual(['catch-up', 'catch-up', 'upkeep']);
  });

  it('tells the log what went wrong and the board only that something did, and goes on', async () => {
    failing = 'backup';
    const queue = open();
    await queue.start();
    await ready(queue);
    await missRun('backup');
    // A worker that waits for the old time is woken by any job.
    await queue.queue.add('upkeep', {});
    await expect.poll(async () => (await queue.queue.getFailed()).length, { timeout: 5_000 }).toBe(1);
    const [job] = await queue.queue.getFailed();
    expect(job?.failedReason).toBe('The job failed; see the log');
    expect(JSON.stringify([job, job?.stacktrace, job?.returnvalue])).not.toMatch(/secret|4711/);
    expect(failures).toMatchObject([{ job: 'backup', error: { message: expect.stringContaining('4711') } }]);
    failing = undefined;
    await missRun('backup');
    await queue.queue.add('upkeep', {});
    await expect.poll(() => runs('backup'), { timeout: 5_000 }).toBe(2);
    expect(await queue.queue.getFailedCount()).toBe(1);
  });

  it('tries a backup that failed again with a later upkeep, once however many look', async () => {
    failing = 'backup';
    const queues = [open(), open()];
    for (const queue of queues) await queue.start();
    const [one] = queues as [MaintenanceQueue];
    await ready(one);
    await expect.poll(() => runs('upkeep'), { timeout: 5_000 }).toBe(1);
    expect(runs('backup')).toBe(0);
    owed = true;
    for (let index = 0; index < 3; index += 1) await one.queue.add('upkeep', {});
    await expect.poll(() => runs('upkeep'), { timeout: 5_000 }).toBe(4);
    await expect.poll(() => runs('backup'), { timeout: 5_000 }).toBe(1);
    expect(failures).toHaveLength(1);
  });

  it('starts and stops while Redis is away, and works when it comes', async () => {
    await server.kill9();
    const [stopped, patient] = [open(), open()];
    await stopped.start();
    await stopped.stop();
    await patient.start();
    await server.restart();
    await expect.poll(() => runs('upkeep'), { timeout: 10_000 }).toBe(1);
    await ready(patient);
    opened = opened.filter(({ queue, redis }) => queue !== stopped || void redis.disconnect());
  });
});
