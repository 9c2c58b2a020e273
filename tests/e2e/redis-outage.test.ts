import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pause } from '../../src/async/pause.ts';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import type { ApiAnswer } from '../support/api-client.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { BOT_TOKEN, type Service, startService } from '../support/service.ts';

const CHAT = 7_003;
/** The contract: an add is answered within 1.5 s, whatever Redis does. The rest is the way there and back. */
const ANSWER_WITHIN_MS = 1_600;
/** Above the longest pause between the service's tries to reach Redis. */
const RECOVERED_WITHIN_MS = 10_000;

describe('while Redis is away', () => {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  let redis: TestRedis;
  let service: Service;
  let integration: Provisioned;

  beforeAll(async () => {
    redis = await startTestRedis();
    await double.start();
    const env = {
      REDIS_URL: redis.url,
      SEND_DELAY_MS: '50',
      CHAT_DELAY_MS: '0',
      RATE_LIMIT_PER_MINUTE: '10000',
      LOG_LEVEL: 'debug',
    };
    service = await startService({ double, env });
    integration = await provisionIntegration(double, service, CHAT);
    double.clearCalls();
  });
  afterAll(async () => {
    await service?.close();
    await double.stop();
    await redis?.stop();
  });

  const post = (message: string): Promise<ApiAnswer> => service.api.postAlert(integration.token, { message });
  const left = async (): Promise<number> =>
    (await service.api.getIntegration(integration.token, CHAT)).body.integrations.rateLimit;
  const arrivals = () =>
    double.calls.filter((call) => call.method === 'sendMessage').map((call) => String(call.payload.text));

  function expectRefusal(answer: ApiAnswer): void {
    expect(answer).toMatchObject({ status: 503, body: { code: 'queue_unavailable', status: 503 } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.tookMs).toBeLessThan(ANSWER_WITHIN_MS);
    expect(answer.text).not.toMatch(/127\.0\.0\.1|ECONN/);
  }

  /** Alerts until one is taken, which must be soon and without a restart. */
  async function recover(message: string): Promise<string> {
    const deadline = performance.now() + RECOVERED_WITHIN_MS;
    for (;;) {
      const answer = await post(message);
      if (answer.status === 202) return answer.body.id;
      expect(answer.status).toBe(503);
      expect(performance.now()).toBeLessThan(deadline);
      await pause(100);
    }
  }

  /** Health gives the answers of the last second again. */
  async function ready(): Promise<void> {
    const deadline = performance.now() + RECOVERED_WITHIN_MS;
    while ((await service.api.call('/health/ready')).body.status !== 'ok') {
      expect(performance.now()).toBeLessThan(deadline);
      await pause(100);
    }
  }

  it.each([
    ['dead', () => redis.kill9(), () => redis.restart()],
    ['frozen', async () => redis.freeze(), async () => redis.thaw()],
  ])(
    '(%s) alerts are refused in time, cost nothing and are never sent; afterwards all goes on',
    async (how, away, back) => {
      const before = await left();
      const { pid } = service;
      await away();
      for (const answer of await Promise.all([1, 2, 3].map((n) => post(`refused ${how} ${n}`))))
        expectRefusal(answer);
      expectRefusal(await post(`refused ${how} 4`));
      expect(await left()).toBe(before);
      // It gives the answers of the last second again.
      await expect
        .poll(() => service.api.call('/health/ready'), { timeout: 3_000 })
        .toMatchObject({ status: 503, body: { status: 'down' } });
      expect((await service.api.call('/health/live')).status).toBe(200);

      await back();
      const id = await recover(`after ${how}`);
      await service.api.waitForStatus(integration.token, id, ['delivered']);
      expect(await left()).toBe(before - 1);
      // Time for the refused ones to be sent, if they were.
      await pause(400);
      expect(arrivals().filter((text) => text.includes(how))).toEqual([`after ${how}`]);
      await ready();
      expect(service.pid).toBe(pid);
    },
  );

  it('an outage is logged once, not at each try, and the service stops cleanly afterwards', async () => {
    const times = new Map<string, number>();
    for (const { level, component, message, error } of service.logs) {
      // Each refused request has lines of its own.
      const isOfRequest = message === 'Alert refused' || message === 'Request answered';
      if (!['warn', 'error'].includes(level) || isOfRequest) continue;
      const line = JSON.stringify([component, message, error]);
      times.set(line, (times.get(line) ?? 0) + 1);
    }
    expect(times.size).toBeGreaterThan(0);
    // There were two outages.
    for (const [line, count] of times) expect(count, line).toBeLessThanOrEqual(4);
    expect(await service.stop()).toBe(0);
  });

  it('a service that starts meanwhile refuses alerts until Redis comes', async () => {
    await redis.kill9();
    await service.restart();
    expectRefusal(await post('too early'));
    const from = service.logs.length;
    await redis.restart();
    const id = await recover('in time');
    await service.api.waitForStatus(integration.token, id, ['delivered']);
    expect(arrivals()).not.toContain('too early');
    // The scheduled jobs run as well.
    await service.waitForLog(({ event }) => event === 'upkeep.done', { from });
    expect(await service.stop()).toBe(0);
  });
});
