import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pause } from '../../src/async/pause.ts';
import { openSqlite } from '../../src/db/engine/sqlite-connection.ts';
import { createBotApiDouble, errorAnswer, type FaultOptions } from '../../src/sandbox/bot-api-double.ts';
import { provisionIntegration } from '../support/provision.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { BOT_TOKEN, type Service, startService } from '../support/service.ts';

/** Within this time health tells each trouble, and its end, in ms. */
const PROMISED_MS = 15_000;
/** A busy machine gets twice the time. */
const LIMIT_MS = 2 * PROMISED_MS;
const CHAT = 7_031;

describe('health tells the truth within 15 s, though nobody sends', { timeout: 180_000 }, () => {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  let redis: TestRedis;
  let admin: Redis;
  let service: Service;
  let token = '';

  beforeAll(async () => {
    [redis] = await Promise.all([startTestRedis(), double.start()]);
    admin = new Redis(redis.url);
    service = await startService({
      double,
      env: { REDIS_URL: redis.url, SEND_DELAY_MS: '0', MAX_QUEUE_SIZE: '2' },
    });
    ({ token } = await provisionIntegration(double, service, CHAT));
  });
  afterAll(async () => {
    await service.close();
    admin.disconnect();
    await double.stop();
    await redis.stop();
  });

  const ready = () => service.api.call('/health/ready');
  const reasonOf = async (check: string) => (await ready()).body.checks[check].reason ?? 'ok';
  /** Asks each second, until it says so. */
  async function tells(check: string, reason: string): Promise<void> {
    const began = performance.now();
    for (;;) {
      const told = await reasonOf(check);
      if (told === reason) break;
      if (performance.now() - began > LIMIT_MS)
        throw new Error(`${check}: ${told} instead of ${reason} after ${LIMIT_MS} ms`);
      await pause(1_000);
    }
  }
  /** What the metrics and the operator's overview say of the check: the same, by then. */
  async function alsoTells(check: string, reason: string): Promise<void> {
    const { text } = await service.api.operate('/metrics');
    expect(text).toMatch(
      new RegExp(`^pingui_check_ok\\{check="${check}"\\} ${reason === 'ok' ? 1 : 0}$`, 'm'),
    );
    const { health } = await overview();
    expect(health.checks[check].reason ?? 'ok').toBe(reason);
  }
  const overview = async () => (await service.api.operate('/admin/overview.json')).body;
  /** The line that the process writes about it unasked. */
  const logs = (check: string, reason: string | null, from: number) =>
    service.waitForLog((line) => line.check === check && line.reason === reason, { ms: LIMIT_MS, from });
  const isUp = async () => /^pingui_telegram_up 1$/m.test((await service.api.operate('/metrics')).text);

  it.each<{ name: string; fault: FaultOptions; reason: string; up: boolean }>([
    {
      name: '401 for everything',
      fault: { action: errorAnswer(401, 'Unauthorized') },
      reason: 'unauthorized',
      up: false,
    },
    {
      name: 'a Telegram that is silent',
      fault: { action: { kind: 'hang' } },
      reason: 'unreachable',
      up: false,
    },
    {
      name: 'another poller',
      fault: {
        method: 'getUpdates',
        action: errorAnswer(409, 'Conflict: terminated by other getUpdates request'),
      },
      reason: 'updates_conflict',
      up: true,
    },
  ])('$name', async ({ fault, reason, up }) => {
    await tells('telegram', 'ok');
    const from = service.logs.length;
    double.fault({ ...fault, times: 'always' });
    // The long poll under way would notice after 30 s.
    double.userSends(CHAT, 'hello');
    await tells('telegram', reason);
    expect((await ready()).status).toBe(200);
    expect((await ready()).body.status).toBe('degraded');
    expect(await isUp()).toBe(up);
    await alsoTells('telegram', reason);
    expect(await logs('telegram', reason, from)).toMatchObject({ level: 'warn' });
    double.clearFaults();
    await tells('telegram', 'ok');
    await alsoTells('telegram', 'ok');
    expect(await isUp()).toBe(true);
    expect(await logs('telegram', null, from)).toMatchObject({ level: 'info', was: reason });
  });

  it('a Redis without memory: alerts are refused, and so is readiness', async () => {
    await admin.config('SET', 'maxmemory', '1');
    expect((await service.api.postAlert(token, { message: 'x' })).body.code).toBe('queue_unavailable');
    await tells('redis', 'out_of_memory');
    expect((await ready()).status).toBe(503);
    await admin.config('SET', 'maxmemory', '0');
    await tells('redis', 'ok');
    const { status, body } = await service.api.postAlert(token, { message: 'x' });
    expect(status).toBe(202);
    await service.api.waitForStatus(token, body.id, ['delivered']);
  });

  it('a killed Redis: what it knows is unknown, all else is still shown, and it comes back', async () => {
    const processes = async () => (await overview()).processes?.length ?? null;
    await redis.kill9();
    await tells('redis', 'unavailable');
    await alsoTells('redis', 'unavailable');
    expect(await overview()).toMatchObject({ queue: null, processes: null, day: { accepted: 1 } });
    expect((await service.api.operate('/metrics')).text).toMatch(/^pingui_queue_up 0$/m);
    expect((await ready()).status).toBe(503);
    await redis.restart();
    await tells('redis', 'ok');
    await alsoTells('redis', 'ok');
    await expect.poll(processes, { timeout: LIMIT_MS }).toBe(1);
    expect((await overview()).queue).toMatchObject({ maxPending: 2 });
  });

  it('a database that another program holds: the same', async () => {
    const file = join(service.dataDir, 'pingui.db');
    const holder = await openSqlite(file, 'readwrite');
    await holder.run('BEGIN EXCLUSIVE');
    // It waits for the lock, as long as a check may take.
    await tells('database', 'timeout');
    await alsoTells('database', 'timeout');
    expect(await overview()).toMatchObject({ queue: { maxPending: 2 } });
    await holder.run('ROLLBACK');
    await holder.close();
    await tells('database', 'ok');
    await alsoTells('database', 'ok');
    expect((await overview()).day).toMatchObject({ refused: { queue_unavailable: 1 } });
  });

  it('a paused queue: in health, in the metrics, in the log, and in what the sender reads', async () => {
    const { Queue } = await import('bullmq');
    const queue = new Queue('alerts', { connection: admin as never, prefix: '{pingui:queue}' });
    const from = service.logs.length;
    await queue.pause();
    await tells('queue', 'paused');
    expect((await service.api.operate('/metrics')).text).toMatch(/^pingui_queue_paused 1$/m);
    const { body } = await service.api.postAlert(token, { message: 'x' });
    await expect.poll(async () => (await service.api.getAlert(token, body.id)).reason).toBe('paused');
    expect((await service.api.postAlert(token, { message: 'y' })).body.remaining).toBe(body.remaining - 1);
    // It is full now: nothing is queued, no unit is taken, and the answer says when to come back.
    for (let times = 0; times < 2; times += 1) {
      const full = await service.api.postAlert(token, { message: 'z' });
      expect([full.status, full.body.code, full.headers['content-type']]).toEqual([
        503,
        'queue_full',
        'application/problem+json',
      ]);
      expect(full.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    }
    expect((await service.api.getIntegration(token, CHAT)).body.integrations.rateLimit).toBe(
      body.remaining - 1,
    );
    expect(await logs('queue', 'paused', from)).toMatchObject({ level: 'warn' });
    await queue.resume();
    await tells('queue', 'ok');
    expect((await service.api.waitForStatus(token, body.id, ['delivered'])).reason).toBeNull();
    expect(await logs('queue', null, from)).toMatchObject({ level: 'warn', was: 'paused' });
    await queue.close();
  });

  it('the last success of each job', async () => {
    const form = /^pingui_job_last_success_timestamp_seconds\{job="upkeep"\} ([\d.]+)/m;
    const age = async () => {
      const [, at] = form.exec((await service.api.operate('/metrics')).text) ?? [];
      return Date.now() / 1000 - Number(at);
    };
    await expect.poll(age, { timeout: LIMIT_MS }).toBeLessThan(5);
  });
});
