import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WaitingAlert } from '../../../../src/services/alerts/wait-reason.ts';
import { type ApiFixture, bodyOf, startApi } from '../../../support/api-fixture.ts';
import {
  addAlertsInAllStates,
  type BoardAlertName,
  type BoardAlerts,
} from '../../../support/board-alerts.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const PREFIX = '{board-alerts}';
const BASIC = { Authorization: `Basic ${Buffer.from('admin:password').toString('base64')}` };

let server: TestRedis;
let redis: Redis;
let alerts: Queue;
let updates: Queue;
let maintenance: Queue;
let added: BoardAlerts;
let fixture: ApiFixture;
const asked: (readonly WaitingAlert[])[] = [];

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis({ ...server.connection, maxRetriesPerRequest: null });
  const options = { connection: redis as never, prefix: PREFIX };
  alerts = new Queue('alerts', options);
  updates = new Queue('updates', options);
  maintenance = new Queue('maintenance', options);
  added = await addAlertsInAllStates(alerts, redis, PREFIX);
  fixture = await startApi({
    queues: { alerts, updates, maintenance },
    whyWaiting: (waiting) => {
      asked.push(waiting);
      return added.whyWaiting(waiting);
    },
    operator: { user: 'admin', password: 'password', sessionKey: Buffer.alloc(32, 9) },
  });
});
afterAll(async () => {
  await fixture.stop();
  await added.stop();
  await Promise.all([alerts, updates, maintenance].map((queue) => queue.close()));
  redis.disconnect();
  await server.stop();
});

interface Row {
  readonly id: string;
  readonly name: string;
  readonly data: Record<string, unknown>;
  readonly returnValue: unknown;
  readonly failedReason?: string;
  readonly timestamp: number;
  readonly delay?: number;
}

async function look(status: string, { page = 1, perPage = 20 } = {}) {
  const query = `activeQueue=alerts&status=${status}&page=${page}&jobsPerPage=${perPage}`;
  const body = await bodyOf(await fixture.call(`/admin/queues/api/queues?${query}`, { headers: BASIC }));
  const queue = (body.queues as Record<string, unknown>[]).find(({ name }) => name === 'alerts');
  return queue as unknown as {
    readonly statuses: readonly string[];
    readonly counts: Record<string, number>;
    readonly jobs: readonly Row[];
  };
}
const idsOf = (...names: BoardAlertName[]) => names.map((name) => added.ids[name]);
const rowsOf = async (status: string) => (await look(status)).jobs;

async function find(status: string, name: BoardAlertName): Promise<Row> {
  const row = (await rowsOf(status)).find(({ id }) => id === added.ids[name]);
  expect(row, `${name} is below ${status}`).toBeDefined();
  return row as Row;
}

describe('the tabs', () => {
  it('stand in the order of an alert’s life, and what waits is below "waiting"', async () => {
    const { statuses, counts } = await look('latest');
    expect(statuses).toEqual(['latest', 'active', 'waiting', 'delayed', 'failed', 'completed']);
    expect(counts).toMatchObject({
      active: 1,
      waiting: 2,
      prioritized: 0,
      delayed: 3,
      failed: 5,
      completed: 2,
    });
  });

  it('show what is next first, and of what has ended the newest', async () => {
    const ids = async (status: string) => (await rowsOf(status)).map(({ id }) => id);
    expect(await ids('active')).toEqual(idsOf('active'));
    expect(await ids('waiting')).toEqual(idsOf('waiting', 'second'));
    expect(await ids('delayed')).toEqual(idsOf('flooded', 'paced', 'scheduled'));
    expect(await ids('failed')).toEqual(idsOf('uncertain', 'dropped', 'expired', 'revoked', 'failed'));
    expect(await ids('completed')).toEqual(idsOf('long', 'delivered'));
    expect((await ids('latest')).toSorted()).toEqual(Object.values(added.ids).toSorted());
  });

  it('turn pages across both of BullMQ’s waiting sets', async () => {
    // As BullMQ puts back a job whose worker died.
    await alerts.add('alert', {}, { jobId: 'given-back' });
    const ids: string[] = [];
    for (const page of [1, 2, 3, 4]) {
      const { jobs, counts } = await look('waiting', { page, perPage: 1 });
      expect(counts.waiting).toBe(3);
      ids.push(...jobs.map(({ id }) => id));
    }
    expect(ids).toEqual(['given-back', ...idsOf('waiting', 'second')]);
    const wide = (await look('waiting', { page: 1, perPage: 2 })).jobs.map(({ id }) => id);
    expect(wide).toEqual(['given-back', added.ids.waiting]);
    await alerts.remove('given-back');
  });
});

describe('an alert that has ended', () => {
  it('tells what came of it', async () => {
    expect(await find('completed', 'long')).toMatchObject({
      name: expect.stringMatching(/^integration 7 · chat 90be77d1… · normal priority · group · .*delivered/),
      returnValue: { status: 'delivered', parts: 3, messageIds: [88, 89, 90], tookMs: 2_412 },
    });
    expect(await find('failed', 'failed')).toMatchObject({
      failedReason: 'failed: bot_blocked',
      returnValue: { status: 'failed', reason: 'bot_blocked', parts: 1, tookMs: 97 },
    });
  });

  it('is no success when it was revoked or has expired', async () => {
    expect((await find('failed', 'revoked')).name).toMatch(/ · failed: revoked$/);
    expect((await find('failed', 'expired')).name).toMatch(/ · expired$/);
    const res = await fixture.call('/admin/queues/api/queues/alerts/metrics', { headers: BASIC });
    const { completed, failed } = (await res.json()) as Record<string, { meta: { count: number } }>;
    expect([completed?.meta.count, failed?.meta.count]).toEqual([2, 5]);
  });

  it('reads uncertain where it is, with a warning', async () => {
    const row = await find('failed', 'uncertain');
    expect(row.name).toMatch(/ · uncertain: connection_reset · Telegram may have it$/);
    expect(row.failedReason).toContain('may arrive twice');
  });
});

describe('an alert that waits', () => {
  it('says why, and until when', async () => {
    const flooded = await find('delayed', 'flooded');
    expect(flooded.name).toMatch(/ · flood wait until .*\d\d:\d\d:\d\d UTC$/);
    expect((await find('delayed', 'paced')).name).toMatch(/ · held back by the pace of its chat until /);
    expect((await find('delayed', 'scheduled')).name).toMatch(/ · scheduled for .* UTC$/);
    expect((await find('waiting', 'waiting')).name).toMatch(/ · waiting for its turn$/);
    const [reason] = await added.whyWaiting([{ id: added.ids.flooded, chat: '', deliverAt: null }]);
    expect(flooded.timestamp + (flooded.delay ?? 0)).toBe(reason?.until);
  });

  it('is asked about with its page, in one question', async () => {
    asked.length = 0;
    await look('delayed');
    expect(asked).toEqual([
      [
        { id: added.ids.flooded, chat: '3f2a91c05d7e4b18', deliverAt: null },
        { id: added.ids.paced, chat: '90be77d1a2c3f406', deliverAt: null },
        { id: added.ids.scheduled, chat: '3f2a91c05d7e4b18', deliverAt: expect.any(Number) },
      ],
    ]);
    asked.length = 0;
    await look('completed');
    expect(asked).toEqual([]);
  });

  it('is waiting on its own page too, without our turn', async () => {
    const url = `/admin/queues/api/queues/alerts/${added.ids.waiting}`;
    const body = await bodyOf(await fixture.call(url, { headers: BASIC }));
    expect(body.status).toBe('waiting');
    expect(body.job).toMatchObject({ name: expect.stringContaining('high priority') });
    expect(body.job).not.toHaveProperty('priority');
    expect(body.job).not.toHaveProperty('opts.priority');
  });
});
