import { Telegraf } from 'telegraf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BotApiDouble, createBotApiDouble } from '../../../src/sandbox/bot-api-double.ts';

const TOKEN = '1:sandbox';
const GROUP = -1_001_000_000_009;
let now = Date.UTC(2026, 10, 25);
let double: BotApiDouble;
let bot: Telegraf;

beforeEach(async () => {
  double = createBotApiDouble({ token: TOKEN, enforceLimits: true, now: () => now });
  double.addChat({ id: 5, type: 'private', first_name: 'Ada' });
  double.addChat({ id: GROUP, type: 'supergroup', title: 'Ops' });
  const { apiRoot } = await double.start();
  bot = new Telegraf(TOKEN, { telegram: { apiRoot } });
});
afterEach(() => double.stop());

const edit = (chatId: number, messageId: number, text: string) =>
  bot.telegram.editMessageText(chatId, messageId, undefined, text);

describe('edits', () => {
  it('are refused in Telegram’s words where the message is gone, or another’s', async () => {
    await expect(edit(5, 99, 'x')).rejects.toThrow('400: Bad Request: message to edit not found');
    const { message_id } = double.userSends(5, 'mine');
    await expect(edit(5, message_id, 'x')).rejects.toThrow("400: Bad Request: message can't be edited");
  });

  it('have a budget beside that of the messages, and what changes nothing takes none of it', async () => {
    const { message_id } = await bot.telegram.sendMessage(GROUP, '0');
    await bot.telegram.sendMessage(GROUP, 'x');
    await bot.telegram.sendMessage(GROUP, 'y');
    for (const text of ['1', '2', '3']) await edit(GROUP, message_id, text);
    await expect(edit(GROUP, message_id, '3')).rejects.toThrow('message is not modified');
    await expect(edit(GROUP, message_id, '4')).rejects.toMatchObject({
      code: 429,
      parameters: { retry_after: 1 },
    });
  });

  it('delete a message of the bot’s for 48 hours', async () => {
    const { message_id } = await bot.telegram.sendMessage(5, 'old');
    now += 48 * 3_600_000 + 1_000;
    await expect(bot.telegram.deleteMessage(5, message_id)).rejects.toThrow("message can't be deleted");
    await edit(5, message_id, 'still edited');
  });
});

describe('replies', () => {
  it('hold the message that they answer, without the one that it answers itself', async () => {
    const first = await bot.telegram.sendMessage(5, 'one');
    const reply = (message_id: number, allow_sending_without_reply = false) =>
      bot.telegram.sendMessage(5, 'answer', {
        reply_parameters: { message_id, allow_sending_without_reply },
      });
    const second = await reply(first.message_id);
    const third = await reply(second.message_id);
    expect(third).toMatchObject({ reply_to_message: { text: 'answer', message_id: second.message_id } });
    expect(third).not.toHaveProperty('reply_to_message.reply_to_message');
    await expect(reply(99)).rejects.toThrow('message to be replied not found');
  });

  it('go without the message that is gone, if they may', async () => {
    const sent = await bot.telegram.sendMessage(5, 'x', {
      reply_parameters: { message_id: 99, allow_sending_without_reply: true },
    });
    expect(sent).not.toHaveProperty('reply_to_message');
  });
});

describe('moments', () => {
  it('are kept as entities and taken from HTML', async () => {
    const entities = [
      { type: 'date_time', offset: 0, length: 5, unix_time: 1_647_531_900, date_time_format: 'wDT' },
    ];
    const asEntity = await bot.telegram.sendMessage(5, '22:45', { entities: entities as never });
    expect(asEntity).toMatchObject({ entities });
    const asHtml = await bot.telegram.sendMessage(
      5,
      '<tg-time unix="1647531900" format="wDT">22:45</tg-time>',
      {
        parse_mode: 'HTML',
      },
    );
    expect(asHtml).toMatchObject({ text: '22:45', entities });
  });

  it.each([{ unix_time: 'soon' }, {}, { unix_time: 1, date_time_format: 'tD' }])(
    'are refused when they name none: %o',
    async (fields) => {
      const entity = { type: 'date_time', offset: 0, length: 1, ...fields };
      await expect(bot.telegram.sendMessage(5, 'x', { entities: [entity] as never })).rejects.toThrow(
        "can't parse MessageEntity",
      );
    },
  );
});
