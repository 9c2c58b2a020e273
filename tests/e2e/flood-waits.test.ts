import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBotApiDouble, tooManyRequestsAnswer } from '../../src/sandbox/bot-api-double.ts';
import { provisionIntegration } from '../support/provision.ts';
import { BOT_TOKEN, type Service, startService } from '../support/service.ts';

const HOUR_S = 3_600;
const [ONE, OTHER, THIRD, FOURTH, FIFTH] = [7_101, 7_102, 7_103, 7_104, 7_105];
const CHATS = [ONE, OTHER, THIRD, FOURTH, FIFTH];

describe('chats that Telegram tells to wait for an hour', () => {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  const tokens = new Map<number, string>();
  let service: Service;

  beforeAll(async () => {
    await double.start();
    service = await startService({ double, env: { SEND_DELAY_MS: '0' } });
    for (const chat of CHATS) tokens.set(chat, (await provisionIntegration(double, service, chat)).token);
  });
  afterAll(async () => {
    await service?.close();
    await double.stop();
  });

  const tokenOf = (chat: number) => tokens.get(chat) ?? '';
  async function post(chat: number): Promise<string> {
    return (await service.api.postAlert(tokenOf(chat), { message: `for ${chat}` })).body.id;
  }
  async function postToFlooded(chat: number): Promise<void> {
    double.fault({
      method: 'sendMessage',
      chatId: chat,
      action: tooManyRequestsAnswer(HOUR_S),
      times: 'always',
    });
    await post(chat);
    await expect
      .poll(() => double.calls.filter((call) => call.chatId === chat && call.status === 429).length, {
        timeout: 20_000,
      })
      .toBeGreaterThan(0);
  }
  const health = async () => (await service.api.call('/health/ready')).body;

  it('cost the others seconds, and leave a line and a count each', async () => {
    await postToFlooded(ONE);
    await postToFlooded(OTHER);
    const began = performance.now();
    const id = await post(THIRD);
    await service.api.waitForStatus(tokenOf(THIRD), id, ['delivered']);
    expect(performance.now() - began).toBeLessThan(9_000);
    const lines = service.logs.filter(({ event }) => event === 'telegram.rate_limited');
    expect(lines).toMatchObject([
      { level: 'warn', scope: 'chat', waitMs: HOUR_S * 1_000 },
      { level: 'warn', scope: 'suspected' },
    ]);
    expect((await service.api.operate('/metrics')).text).toMatch(
      /^pingui_telegram_rate_limited_total\{scope="suspected"\} 1$/m,
    );
  });

  it('are seen in health where the whole bot is meant, until an operator lifts it', async () => {
    for (const chat of [THIRD, FOURTH]) await postToFlooded(chat);
    // The one that is tried.
    await postToFlooded(FIFTH);
    await service.waitForLog(({ event, scope }) => event === 'telegram.rate_limited' && scope === 'bot');
    await expect
      .poll(health)
      .toMatchObject({ status: 'degraded', checks: { queue: { status: 'degraded', reason: 'flood_wait' } } });
    double.clearFaults();
    const resumed = await service.api.operate('/admin/queues/api/queues/alerts/resume', { method: 'PUT' });
    expect(resumed.status).toBe(200);
    await service.waitForLog(({ event, by }) => event === 'telegram.flood_ended' && by === 'operator');
    await expect.poll(health, { timeout: 5_000 }).toMatchObject({ status: 'ok' });
  });
});
