import { Telegraf } from 'telegraf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BotApiDouble,
  createBotApiDouble,
  errorAnswer,
  tooManyRequestsAnswer,
} from '../../../src/sandbox/bot-api-double.ts';

let double: BotApiDouble;
let bot: Telegraf;
beforeEach(async () => {
  double = createBotApiDouble();
  double.addChat({ id: 5, type: 'private' });
  double.addChat({ id: 6, type: 'private' });
  const { apiRoot } = await double.start();
  bot = new Telegraf('1:a', { telegram: { apiRoot } });
});
afterEach(() => double.stop());

const send = (text = 'x', chatId = 5, timeoutMs = 2000) =>
  bot.telegram.callApi(
    'sendMessage',
    { chat_id: chatId, text },
    { signal: AbortSignal.timeout(timeoutMs) as never },
  );
const delivered = () => double.messages(5).length;

describe('fault injection', () => {
  it('answers a 429 as often as told, for the matching method, chat and text only', async () => {
    const fault = double.fault({
      method: 'sendMessage',
      chatId: 5,
      text: 'disk',
      times: 2,
      action: tooManyRequestsAnswer(14),
    });
    await send('disk', 6);
    await send('other');
    for (let count = 0; count < 2; count += 1)
      await expect(send('the disk')).rejects.toMatchObject({ code: 429, parameters: { retry_after: 14 } });
    await send('the disk');
    expect(fault.hits).toBe(2);
    expect(delivered()).toBe(2);
  });

  it('goes on for ever until it is removed', async () => {
    const fault = double.fault({
      times: 'always',
      action: errorAnswer(403, 'Forbidden: user is deactivated'),
    });
    await expect(send()).rejects.toMatchObject({ code: 403 });
    await expect(send()).rejects.toMatchObject({ code: 403 });
    fault.remove();
    await send();
    expect(delivered()).toBe(1);
  });

  it('resets the connection before or after the message was taken', async () => {
    double.fault({ action: { kind: 'reset' } });
    await expect(send()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(delivered()).toBe(0);
    double.fault({ action: { kind: 'reset', deliver: true } });
    await expect(send()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(delivered()).toBe(1);
  });

  it('never answers, with or without taking the message', async () => {
    double.fault({ action: { kind: 'hang', deliver: true } });
    await expect(send('x', 5, 100)).rejects.toThrow(/abort/i);
    expect(delivered()).toBe(1);
    expect(double.calls.at(-1)?.status).toBeUndefined();
  });

  it('cuts the answer in the middle, or sends no JSON, though the message was taken', async () => {
    double.fault({ action: { kind: 'cut' } });
    const response = await fetch(`${double.apiRoot}/bot1:a/sendMessage?chat_id=5&text=x`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    double.fault({ action: { kind: 'invalid-json' } });
    await expect(send()).rejects.toThrow(/JSON/);
    expect(delivered()).toBe(2);
  });

  it('delays, and then answers truly', async () => {
    double.fault({ delayMs: 80 });
    const before = performance.now();
    await send();
    expect(performance.now() - before).toBeGreaterThanOrEqual(75);
    expect(delivered()).toBe(1);
  });

  it('goes down so that connections are refused, and comes back on its port', async () => {
    const { apiRoot } = double;
    await send();
    await double.goDown();
    await expect(send()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await double.comeBack();
    expect(double.apiRoot).toBe(apiRoot);
    await send();
    expect(delivered()).toBe(2);
  });
});
