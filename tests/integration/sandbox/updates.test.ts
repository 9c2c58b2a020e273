import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Telegraf } from 'telegraf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BotApiDouble, createBotApiDouble } from '../../../src/sandbox/bot-api-double.ts';

let double: BotApiDouble;
let bot: Telegraf;
let clock = 1_700_000_000_000;
beforeEach(async () => {
  double = createBotApiDouble({ now: () => clock });
  double.addChat({ id: 5, type: 'private', first_name: 'Ada' });
  double.addChat({ id: -7, type: 'group', title: 'Ops' });
  const { apiRoot } = await double.start();
  bot = new Telegraf('1:a', { telegram: { apiRoot } });
});
afterEach(() => double.stop());

const poll = (extra: Record<string, unknown> = {}) =>
  bot.telegram.callApi('getUpdates', extra as never) as Promise<unknown> as Promise<
    Record<string, unknown>[]
  >;

describe('getUpdates', () => {
  it('waits for the next update and repeats it until a higher offset confirms it', async () => {
    const waiting = poll({ timeout: 20 });
    await vi.waitFor(() => expect(double.calls).toHaveLength(1), { interval: 5 });
    double.userSends(5, '/start now');
    const [update] = await waiting;
    expect(update).toMatchObject({
      update_id: 1,
      message: {
        text: '/start now',
        date: clock / 1000,
        chat: { id: 5 },
        entities: [{ type: 'bot_command', offset: 0, length: 6 }],
      },
    });
    expect(await poll()).toHaveLength(1);
    expect(await poll({ offset: 2 })).toEqual([]);
    expect(double.pendingUpdates).toBe(0);
  });

  it('answers empty after its timeout, and heeds the limit', async () => {
    expect(await poll({ timeout: 1 })).toEqual([]);
    for (const text of ['a', 'b', 'c']) double.userSends(5, text);
    expect(await poll({ limit: 2 })).toHaveLength(2);
    expect(await poll({ offset: -1 })).toMatchObject([{ message: { text: 'c' } }]);
  });

  it('gives the first poller a 409 when a second one comes', async () => {
    const first = poll({ timeout: 20 });
    const lost = expect(first).rejects.toMatchObject({
      code: 409,
      description: expect.stringContaining('terminated by other getUpdates request'),
    });
    await vi.waitFor(() => expect(double.calls).toHaveLength(1), { interval: 5 });
    const second = poll({ timeout: 20 });
    await lost;
    double.userSends(5, 'x');
    expect(await second).toHaveLength(1);
  });

  it('brings only the kinds that were asked for', async () => {
    await poll({ allowed_updates: ['my_chat_member'] });
    double.userSends(5, 'x');
    double.setBotStatus(5, 'blocked');
    expect(await poll()).toMatchObject([
      {
        my_chat_member: {
          chat: { id: 5 },
          from: { first_name: 'Ada' },
          old_chat_member: { status: 'member' },
          new_chat_member: { status: 'kicked' },
        },
      },
    ]);
  });

  it('shows a bot in a group only what is addressed to it', async () => {
    for (const text of ['chatter', '/quota', `/quota@${double.bot.username}`, '/quota@other_bot'])
      double.userSends(-7, text);
    expect((await poll()).map((update) => (update.message as { text: string }).text)).toEqual([
      '/quota',
      `/quota@${double.bot.username}`,
    ]);
  });

  it('tells of a migration on both sides', async () => {
    double.migrateChat(-7, -1_001_000_000_007);
    expect(await poll()).toMatchObject([
      { message: { chat: { id: -7 }, migrate_to_chat_id: -1_001_000_000_007 } },
      { message: { chat: { id: -1_001_000_000_007, type: 'supergroup' }, migrate_from_chat_id: -7 } },
    ]);
  });
});

describe('buttons', () => {
  it('bring a callback query, which can be answered for 150 s', async () => {
    await bot.telegram.sendMessage(5, 'x', {
      reply_markup: { inline_keyboard: [[{ text: 'Ack', callback_data: 'ack' }]] },
    });
    const id = double.pressButton(5, 1, 'ack');
    expect(await poll()).toMatchObject([{ callback_query: { id, data: 'ack', message: { message_id: 1 } } }]);
    await bot.telegram.answerCbQuery(id, 'Done');
    expect(double.callbackAnswer(id)).toMatchObject({ text: 'Done', chatId: 5, messageId: 1 });
    clock += 151_000;
    await expect(bot.telegram.answerCbQuery(id)).rejects.toThrow('query is too old');
    expect(() => double.pressButton(5, 1, 'other')).toThrow('no button');
  });
});

describe('Telegraf', () => {
  it('launches, answers a command, takes part in 409s and stops', async () => {
    bot.start((context) => context.reply(`Hello ${context.from.first_name}`));
    const launched = bot.launch();
    await vi.waitFor(() => expect(double.calls.some(({ method }) => method === 'getUpdates')).toBe(true));
    double.userSends(5, '/start');
    await vi.waitFor(() => expect(double.messages(5).at(-1)?.text).toBe('Hello Ada'), { interval: 10 });
    bot.stop();
    await launched;
    expect(double.pendingUpdates).toBe(0);
  });
});

describe('webhook', () => {
  it('posts each update with the secret until it is answered 2xx, and refuses getUpdates meanwhile', async () => {
    const seen: { secret: unknown; text: string }[] = [];
    let status = 500;
    const receiver = createServer(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const update = JSON.parse(Buffer.concat(chunks).toString()) as { message: { text: string } };
      seen.push({ secret: req.headers['x-telegram-bot-api-secret-token'], text: update.message.text });
      res.writeHead(status).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;

    await bot.telegram.setWebhook(url, { secret_token: 's3cret' });
    await expect(poll()).rejects.toMatchObject({ code: 409 });
    double.userSends(5, 'one');
    double.userSends(5, 'two');
    await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(2), {
      interval: 10,
      timeout: 5_000,
    });
    expect(await bot.telegram.getWebhookInfo()).toMatchObject({ url, pending_update_count: 2 });
    status = 200;
    await vi.waitFor(() => expect(double.pendingUpdates).toBe(0), { interval: 10, timeout: 5000 });
    expect(seen[0]).toEqual({ secret: 's3cret', text: 'one' });
    expect(seen.filter(({ text }) => text === 'two')).toHaveLength(1);
    await bot.telegram.deleteWebhook();
    expect(await poll()).toEqual([]);
    receiver.closeAllConnections();
    receiver.close();
  });

  it('goes to loopback only', async () => {
    await expect(bot.telegram.setWebhook('https://example.org/hook')).rejects.toThrow('loopback');
  });
});
