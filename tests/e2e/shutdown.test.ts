import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pause } from '../../src/async/pause.ts';
import { type BotApiDouble, createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { spawnRun } from '../support/main-process.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { BOT_TOKEN, baseEnv, type Service, startService } from '../support/service.ts';

const CHAT = 7_001;
/** The contract's deadline for stopping, in ms. */
const STOP_DEADLINE_MS = 10_000;
/** For a stop that has nothing to wait for, in ms; on a busy machine most of it is the machine's. */
const AT_ONCE_MS = 2_000;
/** For a request that does not come to its end, in ms (src/http/listener.ts). */
const CUT_AFTER_MS = 1_500;
/** Nothing listens at port 1. */
const NO_REDIS = 'redis://127.0.0.1:1';

describe('stopping', () => {
  const double: BotApiDouble = createBotApiDouble({ token: BOT_TOKEN });
  let service: Service;
  let integration: Provisioned;

  beforeAll(async () => {
    await double.start();
    service = await startService({
      double,
      env: { SEND_DELAY_MS: '100', CHAT_DELAY_MS: '0', MAX_ALERTS: '100' },
    });
    integration = await provisionIntegration(double, service, CHAT);
  });
  afterAll(async () => {
    await service?.close();
    await double.stop();
  });

  const send = async (message: string): Promise<string> => {
    const answer = await service.api.postAlert(integration.token, { message });
    expect(answer.status).toBe(202);
    return answer.body.id;
  };
  const arrivals = () =>
    double.calls.filter((call) => call.method === 'sendMessage').map((call) => String(call.payload.text));

  it('when its terminal is closed finishes the send in flight, exits with 0, and keeps what waits for the next run, in order', async () => {
    double.clearCalls();
    double.fault({ method: 'sendMessage', text: 'slow', delayMs: 2_000 });
    const slow = await send('slow');
    await service.api.waitForStatus(integration.token, slow, ['sending']);
    const waiting: string[] = [];
    for (let n = 1; n <= 5; n += 1) waiting.push(await send(`waiting ${n}`));
    const began = performance.now();
    const from = service.logs.length;
    // A terminal that closes may send it more than once.
    service.signal('SIGHUP');
    await service.waitForLog(({ message }) => message === 'Stopping', { from });
    expect(await service.stop('SIGHUP')).toBe(0);
    expect(performance.now() - began).toBeLessThan(STOP_DEADLINE_MS);
    expect(arrivals()).toEqual(['slow']);
    expect(
      service.logs.find(({ event, alertId }) => event === 'alert.delivered' && alertId === slow),
    ).toBeDefined();
    expect(service.logs.at(-1)).toMatchObject({ message: 'Stopped', clean: true, component: 'app' });
    expect(() => service.redisPid()).toThrow('no private Redis');

    await service.restart();
    expect(await service.api.getAlert(integration.token, slow)).toMatchObject({
      status: 'delivered',
      parts: 1,
    });
    for (const id of waiting)
      expect((await service.api.waitForStatus(integration.token, id, ['delivered'])).messageIds).toHaveLength(
        1,
      );
    // Time for a second send, if there were one.
    await pause(500);
    expect(arrivals()).toEqual(['slow', ...[1, 2, 3, 4, 5].map((n) => `waiting ${n}`)]);
  });

  it('takes no more requests, answers those that wait, with what is known by then, and cuts one that does not come to its end', async () => {
    double.fault({ method: 'sendMessage', text: 'last', delayMs: 1_000 });
    const open = service.api.postAlert(integration.token, { message: 'last' }, { Prefer: 'wait=10' });
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    const cut = once(socket, 'close');
    socket.on('error', () => {});
    const head = ['POST /api/alert HTTP/1.1', 'Host: pingui', `Authorization: Bearer ${integration.token}`];
    socket.write(
      [...head, 'Content-Type: application/json', 'Content-Length: 100', '', '{"message":'].join('\r\n'),
    );
    const sending = () => double.calls.some((call) => call.payload.text === 'last');
    while (!sending()) await pause(10);
    const from = service.logs.length;
    const began = performance.now();
    service.signal('SIGINT');
    await service.waitForLog(({ message }) => message === 'Stopping', { from });
    await pause(100);
    await expect(service.api.call('/health/live')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
    expect(await open).toMatchObject({ status: 202, body: { status: 'sending' } });
    expect(await service.exited()).toBe(0);
    expect(performance.now() - began).toBeLessThan(CUT_AFTER_MS + AT_ONCE_MS);
    await cut;
  });
});

describe('stopping while Redis is away', () => {
  const double: BotApiDouble = createBotApiDouble({ token: BOT_TOKEN });
  const open: Service[] = [];
  let redis: TestRedis;
  /** It waits for Redis for 10 s before it is ready: meanwhile the next test runs. */
  let withoutRedis: Promise<Service>;
  beforeAll(async () => {
    [redis] = await Promise.all([startTestRedis(), double.start()]);
    withoutRedis = start(NO_REDIS);
    // Whoever awaits it is told of a failure.
    withoutRedis.catch(() => undefined);
  });
  afterAll(async () => {
    await withoutRedis?.catch(() => undefined);
    for (const service of open) await service.close();
    await double.stop();
    await redis?.stop();
  });

  const start = async (url: string, env: Record<string, string> = {}): Promise<Service> => {
    // Each has a database of its own.
    const own = { REDIS_URL: url, QUEUE_PREFIX: `{shutdown-${open.length}}`, SEND_DELAY_MS: '0' };
    const service = await startService({ double, env: { ...own, ...env } });
    open.push(service);
    return service;
  };
  /** Exit code and how long it took, in ms. @throws when a part did not stop */
  const stop = async (service: Service): Promise<[number | NodeJS.Signals, number]> => {
    const began = performance.now();
    const code = await service.stop();
    const tookMs = performance.now() - began;
    // They name the part that is to blame.
    expect(service.logs.filter(({ message }) => message === 'Did not stop cleanly')).toEqual([]);
    return [code, tookMs];
  };

  it('is done at once, with 0, while the start still waits for Redis', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pingui-e2e-'));
    const lines: string[] = [];
    let stderr = '';
    const take = {
      line: (text: string) => void lines.push(text),
      error: (text: string) => {
        stderr += text;
      },
    };
    const run = spawnRun({ ...baseEnv(dir, double), REDIS_URL: NO_REDIS }, dir, take);
    const waits = () => lines.some((line) => line.includes('Redis does not respond; trying again'));
    try {
      while (!waits() && run.ended === undefined) await pause(10);
      const began = performance.now();
      run.child.kill('SIGTERM');
      expect(await run.exit()).toBe(0);
      expect(performance.now() - began).toBeLessThan(AT_ONCE_MS);
      expect(lines.at(-1)).toContain('"clean":true');
      expect(lines.join()).not.toContain('Pingui Alert is ready');
      expect(stderr).toBe('');
    } finally {
      run.child.kill('SIGKILL');
      await run.gone;
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('is done at once, with 0, when Redis has never been there', async () => {
    const service = await withoutRedis;
    const [code, tookMs] = await stop(service);
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
    expect(service.logs.at(-1)).toMatchObject({ message: 'Stopped', clean: true });
    expect(service.stderr).toBe('');
  });

  it('is done soon, with 0, when Redis is frozen', async () => {
    const service = await start(redis.url);
    redis.freeze();
    try {
      const [code, tookMs] = await stop(service);
      expect(code).toBe(0);
      // A second each for the lease and for the connections.
      expect(tookMs).toBeLessThan(2_000 + AT_ONCE_MS);
    } finally {
      redis.thaw();
    }
  });

  it('finishes the send in flight, writes down that it arrived, and exits with 0', async () => {
    const service = await start(redis.url, { CHAT_DELAY_MS: '0' });
    const { token } = await provisionIntegration(double, service, CHAT);
    double.clearCalls();
    double.fault({ method: 'sendMessage', text: 'in flight', delayMs: 2_000 });
    const post = async (message: string): Promise<string> =>
      (await service.api.postAlert(token, { message })).body.id;
    const sent = await post('in flight');
    await service.api.waitForStatus(token, sent, ['sending']);
    await redis.kill9();
    const [code, tookMs] = await stop(service);
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(2_000 + AT_ONCE_MS);
    expect(service.logs.find(({ event }) => event === 'alert.delivered')).toMatchObject({ alertId: sent });

    await redis.restart();
    await service.restart();
    const next = await post('next');
    await service.api.waitForStatus(token, next, ['delivered']);
    expect((await service.api.getAlert(token, sent)).status).toBe('delivered');
    const texts = double.calls
      .filter(({ method }) => method === 'sendMessage')
      .map(({ payload }) => payload.text);
    expect(texts).toEqual(['in flight', 'next']);
    await redis.kill9();
    // Idle, and Redis was there.
    const [idleCode, idleMs] = await stop(service);
    expect(idleCode).toBe(0);
    expect(idleMs).toBeLessThan(AT_ONCE_MS);
  });
});
