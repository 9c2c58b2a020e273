import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BotApiDouble, createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { BOT_TOKEN, pause, type Service, startService } from '../support/service.ts';

const CHAT = 7_001;
/** The contract's deadline for stopping, in ms. */
const STOP_DEADLINE_MS = 10_000;

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

  it('finishes the send in flight, exits with 0, and keeps what waits for the next run, in order', async () => {
    double.clearCalls();
    double.fault({ method: 'sendMessage', text: 'slow', delayMs: 2_000 });
    const slow = await send('slow');
    await service.api.waitForStatus(integration.token, slow, ['sending']);
    const waiting: string[] = [];
    for (let n = 1; n <= 5; n += 1) waiting.push(await send(`waiting ${n}`));
    const began = performance.now();
    expect(await service.stop()).toBe(0);
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

  it('takes no more requests, but answers those that wait, with what is known by then', async () => {
    double.fault({ method: 'sendMessage', text: 'last', delayMs: 1_000 });
    const open = service.api.postAlert(integration.token, { message: 'last' }, { Prefer: 'wait=10' });
    const sending = () => double.calls.some((call) => call.payload.text === 'last');
    while (!sending()) await pause(10);
    service.signal('SIGINT');
    await service.waitForLog(({ message }) => message === 'Stopping', { from: service.logs.length - 5 });
    await pause(100);
    await expect(service.api.call('/health/live')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
    expect(await open).toMatchObject({ status: 202, body: { status: 'sending' } });
    expect(await service.exited()).toBe(0);
    await service.restart();
  });

  it('on a second signal exits at once, with 1', async () => {
    double.fault({ method: 'sendMessage', text: 'held', action: { kind: 'hang' } });
    const id = await send('held');
    await service.api.waitForStatus(integration.token, id, ['sending']);
    const from = service.logs.length;
    service.signal('SIGTERM');
    await service.waitForLog(({ message }) => message === 'Stopping', { from });
    const began = performance.now();
    service.signal('SIGTERM');
    expect(await service.exited()).toBe(1);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
