import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { ENDED } from '../support/api-client.ts';
import { runMain } from '../support/main-process.ts';
import { provisionIntegration } from '../support/provision.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { BOT_TOKEN, baseEnv, startService } from '../support/service.ts';

describe('two installations on one Redis', () => {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  const other = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-e2e-')));
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startTestRedis();
    await double.start();
  });
  afterAll(async () => {
    await double.stop();
    await redis.stop();
    rmSync(other, { recursive: true, force: true });
  });

  it('the second one refuses to start and says what to set, until it adopts the queue', {
    timeout: 90_000,
  }, async () => {
    const REDIS_URL = redis.url;
    const prefix = { REDIS_URL, QUEUE_PREFIX: `{two-${process.pid}}` };
    const first = await startService({ double, env: prefix });
    try {
      const { token } = await provisionIntegration(double, first, 41);
      const env = { ...baseEnv(other, double), ...prefix };
      const refused = await runMain([], env);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/QUEUE_PREFIX .*another database.*npx pingui queue adopt/);
      expect(refused.stderr).not.toContain(REDIS_URL);

      // The first one goes on, also past a restart, and its alerts arrive.
      await first.restart();
      const { id } = (await first.api.postAlert(token, { message: 'mine' })).body as { id: string };
      expect((await first.api.waitForStatus(token, id, ENDED)).status).toBe('delivered');
      await first.stop();

      const adopted = await runMain(['adopt-queue'], env);
      expect(adopted).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('belongs to this database now'),
      });
      const second = await startService({ double, dir: other, env: prefix });
      await second.stop();
      await expect(first.restart()).rejects.toThrow(/another database/);
    } finally {
      await first.close();
    }
  });

  it('that loses the queue to another one while it runs refuses alerts, says so in health, and recovers', async () => {
    // Another QUEUE_PREFIX: this one starts beside those above.
    const prefix = `{lost-${process.pid}}`;
    const env = { REDIS_URL: redis.url, QUEUE_PREFIX: prefix, MAX_ALERTS: '1000' };
    const service = await startService({ double, env });
    const connection = new Redis(redis.url);
    try {
      const { token } = await provisionIntegration(double, service, 43);
      const post = async () => {
        const { status, body } = await service.api.postAlert(token, { message: 'whose is it?' });
        return { status, code: (body as { code?: string }).code };
      };
      const readiness = async () => {
        const answer = await fetch(`${service.url}/health/ready`);
        const { checks } = (await answer.json()) as { checks: { queue: { reason?: string } } };
        return checks.queue.reason;
      };
      // After a FLUSHALL the other installation may be the first to claim what is there.
      await connection.set(`${prefix}:installation`, 'another');
      await expect
        .poll(post, { timeout: 15_000, interval: 250 })
        .toEqual({ status: 503, code: 'queue_unavailable' });
      await expect.poll(readiness, { timeout: 15_000, interval: 250 }).toBe('foreign');
      await connection.del(`${prefix}:installation`);
      await expect.poll(post, { timeout: 15_000, interval: 500 }).toEqual({ status: 202, code: undefined });
    } finally {
      connection.disconnect();
      await service.close();
    }
  });
});
