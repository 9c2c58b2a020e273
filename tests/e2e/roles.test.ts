import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { provisionIntegration } from '../support/provision.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { BOT_TOKEN, type Service, type ServiceOptions, startService } from '../support/service.ts';

const CHAT = 7_011;
const HOOK = { path: '/telegram/updates', secret: 'what-telegram-sends-along' };

describe('a service of several processes', () => {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  const services: Service[] = [];
  let redis: TestRedis;
  let api: Service;
  let worker: Service;

  /** With a database and a queue of its own, or those of `partner`. */
  const start = async (env: ServiceOptions['env'], partner?: Service): Promise<Service> => {
    const QUEUE_PREFIX = partner?.env.QUEUE_PREFIX ?? `{roles-${services.length}}`;
    const service = await startService({
      double,
      env: { REDIS_URL: redis.url, QUEUE_PREFIX, SEND_DELAY_MS: '0', ...env },
      ...(partner === undefined ? {} : { dir: partner.dir }),
    });
    services.push(service);
    return service;
  };
  const listens = (service: Service): boolean =>
    service.logs.some(({ message }) => message === 'HTTP server is listening');

  beforeAll(async () => {
    [redis] = await Promise.all([startTestRedis(), double.start()]);
    api = await start({ ROLES: 'api,bot' });
    // One database for both.
    worker = await start({ ROLES: 'worker' }, api);
  });
  afterAll(async () => {
    // The first one owns the folder.
    for (const service of services.reverse()) await service.close();
    await double.stop();
    await redis?.stop();
  });

  it('shows at the worker what the worker did, and the readiness of all that it needs', async () => {
    const { token } = await provisionIntegration(double, api, CHAT);
    const { body } = await api.api.postAlert(token, { message: 'x' });
    await api.api.waitForStatus(token, body.id, ['delivered']);

    expect((await worker.api.call('/metrics')).status).toBe(401);
    const metrics = await worker.api.operate('/metrics');
    expect(metrics.text).toMatch(/^pingui_alerts_delivered_total 1$/m);
    expect(metrics.text).toMatch(/^pingui_telegram_up 1$/m);
    expect((await api.api.operate('/metrics')).text).toMatch(/^pingui_alerts_delivered_total 0$/m);
    expect((await worker.api.call('/health/live')).body).toEqual({ status: 'ok' });
    const ok = expect.objectContaining({ status: 'ok' });
    expect(await worker.api.call('/health/ready')).toMatchObject({
      status: 200,
      body: { status: 'ok', checks: { redis: ok, telegram: ok, database: ok, queue: ok } },
    });
  });

  it('takes alerts at the API alone', async () => {
    const call = { method: 'POST', token: 'any', json: { message: 'x' } };
    expect((await api.api.call('/api/alert', call)).status).toBe(401);
    // Not by the client that holds answers to the API's document: there is no API here.
    const answer = await fetch(new URL('/api/alert', worker.url), { method: 'POST' });
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'not_found' }]);
  });

  it('serves the webhook where the bot is', async () => {
    const bot = await start({
      ROLES: 'bot',
      WEBHOOK_URL: `https://alerts.example.org${HOOK.path}`,
      WEBHOOK_SECRET: HOOK.secret,
    });
    const post = (headers: Record<string, string> = {}) =>
      bot.api.call(HOOK.path, { method: 'POST', json: { update_id: 1 }, headers });
    expect((await post()).status).toBe(401);
    await expect
      .poll(() => bot.logs.filter(({ event }) => event === 'access.refused'))
      .toMatchObject([
        { level: 'info', kind: 'webhook', message: 'Bot update refused: its secret is missing or wrong' },
      ]);
    expect((await post({ 'x-telegram-bot-api-secret-token': HOOK.secret })).status).toBe(200);
    expect((await bot.api.call('/health/live')).status).toBe(200);
    expect((await bot.api.call('/')).status).toBe(404);
    expect(await bot.stop()).toBe(0);
  });

  it('opens no port for a process that neither senders nor Telegram call, unless told to', async () => {
    const scheduler = await start({ ROLES: 'scheduler', PORT: undefined });
    expect(listens(scheduler)).toBe(false);
    await scheduler.restart({ PORT: '0' });
    expect(listens(scheduler)).toBe(true);
    expect((await scheduler.api.call('/health/ready')).status).toBe(200);
    expect(await scheduler.stop()).toBe(0);
  });
});
