import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createUpdateQueue, UPDATE_QUEUE, type UpdateJobData } from '../../../src/queue/update-queue.ts';
import { createUpdateWorker } from '../../../src/queue/update-worker.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import type { UpdateService } from '../../../src/services/incidents/updates.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const HOUR_MS = 3_600_000;
const PREFIX = `{updates-${process.pid}}`;
const PATIENCE = { timeout: 20_000 };

let server: TestRedis;
let queue: Queue<UpdateJobData>;
let worker: ReturnType<typeof createUpdateWorker>;
let looks: number;
/** Put off for a second at the first look, made at the second. */
const update: UpdateService['update'] = async () => {
  looks += 1;
  return looks === 1 ? { kind: 'later', ms: 1_000, called: false } : { kind: 'done', called: true };
};

beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(() => {
  looks = 0;
  const fast = connectRedis(server.connection, 'fast', () => undefined);
  const patient = connectRedis(server.connection, 'patient', () => undefined);
  queue = new Queue<UpdateJobData>(UPDATE_QUEUE, { connection: fast as never, prefix: PREFIX });
  worker = createUpdateWorker({
    redis: patient,
    fastQueue: queue,
    updates: { update } as UpdateService,
    prefix: PREFIX,
    concurrency: 1,
    sendDelayMs: 0,
    onError: () => undefined,
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await worker.stop();
  await queue.close();
});
afterAll(() => server.stop());

it('edits that were put off before the clock was set back are made in time', async () => {
  const trueNow = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => trueNow.call(Date) + HOUR_MS);
  worker.start();
  await createUpdateQueue(queue).add('an incident');
  await expect.poll(() => queue.getDelayedCount(), PATIENCE).toBe(1);
  vi.restoreAllMocks();
  await expect.poll(() => looks, PATIENCE).toBe(2);
  await expect.poll(() => queue.getJobCountByTypes('delayed', 'waiting', 'active'), PATIENCE).toBe(0);
}, 30_000);
