import { Telegraf } from 'telegraf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BotApiDouble, createBotApiDouble, type User } from '../../../src/sandbox/bot-api-double.ts';

const TOKEN = '1:sandbox';
const GROUP = -1_001_000_000_009;
let double: BotApiDouble;
let bot: Telegraf;

beforeEach(async () => {
  double = createBotApiDouble({ token: TOKEN });
  double.addChat({ id: 5, type: 'private', first_name: 'Ada' });
  double.addChat({ id: GROUP, type: 'supergroup', title: 'Ops' });
  const { apiRoot } = await double.start();
  bot = new Telegraf(TOKEN, { telegram: { apiRoot } });
});
afterEach(() => double.stop());

const refusal = (code: number, description: string) =>
  expect.objectContaining({ code, description: expect.stringContaining(description) });

describe('sending', () => {
  it('stores text with its entities and gives the message back without what only the chat knows', async () => {
    const sent = await bot.telegram.sendMessage(5, '<b>Disk</b> full', {
      parse_mode: 'HTML',
      disable_notification: true,
    });
    expect(sent).toMatchObject({
      message_id: 1,
      text: 'Disk full',
      entities: [{ type: 'bold', offset: 0, length: 4 }],
    });
    expect(sent).not.toHaveProperty('silent');
    expect(double.messages(5)).toMatchObject([
      { text: 'Disk full', silent: true, from: { id: double.bot.id } },
    ]);
  });

  it('stores a document’s name, content and caption from Telegraf’s multipart form', async () => {
    const content = Buffer.from('line\r\n--x\r\n\0');
    const sent = await bot.telegram.sendDocument(
      5,
      { source: content, filename: 'a.log' },
      {
        caption: '<i>all</i>',
        parse_mode: 'HTML',
        reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'b' }]] },
      },
    );
    expect(sent).toMatchObject({
      caption: 'all',
      document: { file_name: 'a.log', file_size: content.length },
    });
    expect(double.file(sent.document.file_id)).toEqual(content);
    expect(double.messages(5)[0]?.reply_markup).toBeDefined();
    expect(double.calls.at(-1)?.payload.document).toMatchObject({ filename: 'a.log', size: content.length });
    const url = await bot.telegram.getFileLink(sent.document.file_id);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(content);
  });

  it('takes urlencoded forms and queries, too', async () => {
    const url = `${double.apiRoot}/bot${TOKEN}/sendMessage`;
    await fetch(url, { method: 'POST', body: new URLSearchParams({ chat_id: '5', text: 'form' }) });
    await fetch(`${url}?chat_id=5&text=query`);
    expect(double.messages(5).map(({ text }) => text)).toEqual(['form', 'query']);
  });

  it('edits, refuses an edit that changes nothing, and deletes', async () => {
    const { message_id } = await bot.telegram.sendMessage(5, 'one');
    await bot.telegram.editMessageText(5, message_id, undefined, 'two');
    await expect(bot.telegram.editMessageText(5, message_id, undefined, 'two')).rejects.toThrow(
      'message is not modified',
    );
    expect(double.messages(5)).toMatchObject([{ text: 'two', edit_date: expect.any(Number) }]);
    await bot.telegram.deleteMessage(5, message_id);
    expect(double.messages(5)).toEqual([]);
    await expect(bot.telegram.deleteMessage(5, message_id)).rejects.toThrow('message to delete not found');
  });

  it('refuses in Telegram’s words: unknown chat, token and method, topics, a lost reply target', async () => {
    double.addTopic(GROUP, 7, 'Deploys');
    const inTopic = (message_thread_id: number) =>
      bot.telegram.sendMessage(GROUP, 'x', { message_thread_id });
    await expect(bot.telegram.sendMessage(6, 'x')).rejects.toEqual(
      refusal(400, 'Bad Request: chat not found'),
    );
    await expect(inTopic(1)).rejects.toEqual(refusal(400, 'message thread not found'));
    await expect(inTopic(8)).rejects.toEqual(refusal(400, 'message thread not found'));
    expect(await inTopic(7)).toMatchObject({ message_thread_id: 7 });
    double.setTopicClosed(GROUP, 7, true);
    await expect(inTopic(7)).rejects.toEqual(refusal(400, 'TOPIC_CLOSED'));
    await expect(bot.telegram.sendMessage(5, 'x', { reply_parameters: { message_id: 99 } })).rejects.toEqual(
      refusal(400, 'message to be replied not found'),
    );
    await expect(bot.telegram.callApi('flyAway' as never, {} as never)).rejects.toEqual(
      refusal(404, 'Not Found'),
    );
    const stranger = new Telegraf('2:other', { telegram: { apiRoot: double.apiRoot } });
    await expect(stranger.telegram.getMe()).rejects.toEqual(refusal(401, 'Unauthorized'));
  });

  it.each([
    [5, 'blocked', 403, 'Forbidden: bot was blocked by the user'],
    [5, 'deactivated', 403, 'Forbidden: user is deactivated'],
    [GROUP, 'kicked', 403, 'Forbidden: bot was kicked from the supergroup chat'],
    [GROUP, 'left', 403, 'Forbidden: bot is not a member of the supergroup chat'],
    [GROUP, 'deleted', 403, 'Forbidden: the group chat was deleted'],
    [GROUP, 'restricted', 400, 'Bad Request: not enough rights to send text messages to the chat'],
  ] as const)('in chat %d with the bot %s answers %d', async (chatId, status, code, description) => {
    double.setBotStatus(chatId, status);
    await expect(bot.telegram.sendMessage(chatId, 'x')).rejects.toEqual(refusal(code, description));
    double.setBotStatus(chatId, 'member');
    await bot.telegram.sendMessage(chatId, 'x');
  });

  it('in a channel posts as the channel, and as an administrator who may post alone', async () => {
    const channel = -1_001_000_000_011;
    const needsRights = refusal(400, 'Bad Request: need administrator rights in the channel chat');
    double.addChat({ id: channel, type: 'channel', title: 'News' });
    double.addMember(channel, double.you, 'creator');
    const post = await bot.telegram.sendMessage(channel, 'x');
    expect(post).toMatchObject({ sender_chat: { id: channel } });
    expect(post).not.toHaveProperty('from');
    await bot.telegram.editMessageText(channel, post.message_id, undefined, 'y');
    double.userSends(channel, '/start');
    for (const [status, canPost] of [
      ['administrator', false],
      ['member', true],
    ] as const) {
      double.setBotStatus(channel, status, double.you, canPost);
      await expect(bot.telegram.sendMessage(channel, 'x')).rejects.toEqual(needsRights);
    }
    await expect(bot.telegram.getChatMember(channel, double.you.id)).rejects.toEqual(
      refusal(400, 'Bad Request: member list is inaccessible'),
    );
    double.userSends(channel, '/token'); // not for a subscriber's eyes, says Telegram
    const updates = await bot.telegram.getUpdates(0, 100, 0, undefined);
    expect(updates).toMatchObject([
      { channel_post: { text: '/start', sender_chat: { id: channel }, chat: { id: channel } } },
      { my_chat_member: { new_chat_member: { status: 'administrator', can_post_messages: false } } },
      {
        my_chat_member: {
          old_chat_member: { can_post_messages: false },
          new_chat_member: { status: 'member' },
        },
      },
    ]);
    expect(updates[0]).not.toHaveProperty('channel_post.from');
  });

  it('starts no conversation with a person who has none with it', async () => {
    double.addMember(GROUP, double.you, 'creator');
    await expect(bot.telegram.sendMessage(double.you.id, 'x')).rejects.toEqual(
      refusal(403, "Forbidden: bot can't initiate conversation with a user"),
    );
  });

  it('takes the buttons off a message', async () => {
    const reply_markup = { inline_keyboard: [[{ text: 'a', callback_data: 'b' }]] };
    for (const none of [undefined, { inline_keyboard: [] }]) {
      const { message_id } = await bot.telegram.sendMessage(5, 'x', { reply_markup });
      await bot.telegram.editMessageReplyMarkup(5, message_id, undefined, none);
      expect(double.messages(5).at(-1)).not.toHaveProperty('reply_markup');
      await expect(bot.telegram.editMessageReplyMarkup(5, message_id, undefined, none)).rejects.toThrow(
        'message is not modified',
      );
    }
  });

  it('names the new id of an upgraded group', async () => {
    double.addChat({ id: -9, type: 'group', title: 'Old' });
    double.migrateChat(-9, -1_001_000_000_010);
    await expect(bot.telegram.sendMessage(-9, 'x')).rejects.toMatchObject({
      code: 400,
      parameters: { migrate_to_chat_id: -1_001_000_000_010 },
    });
    await bot.telegram.sendMessage(-1_001_000_000_010, 'x');
  });
});

describe('members, commands and memory', () => {
  it('tells members, administrators and the menu of a chat', async () => {
    double.addMember(GROUP, double.you, 'creator');
    expect(await bot.telegram.getChatMember(GROUP, double.you.id)).toMatchObject({ status: 'creator' });
    expect(await bot.telegram.getChatAdministrators(GROUP)).toHaveLength(1);
    await bot.telegram.setMyCommands([{ command: 'start', description: 'Begin' }]);
    await bot.telegram.setMyCommands([{ command: 'quota', description: 'Left' }], {
      scope: { type: 'all_group_chats' },
    });
    const firstOf = (person: User) => double.chats.map((chat) => double.menu(chat, person)[0]?.command);
    expect(firstOf(double.you)).toEqual(['start', 'quota']);
    await bot.telegram.setMyCommands([{ command: 'token', description: 'New' }], {
      scope: { type: 'all_chat_administrators' },
    });
    await bot.telegram.setMyCommands([{ command: 'nuevo', description: 'Nuevo' }], {
      scope: { type: 'all_chat_administrators' },
      language_code: 'es',
    });
    expect(firstOf(double.you)).toEqual(['start', 'token']);
    expect(firstOf({ ...double.you, language_code: 'es' })).toEqual(['start', 'nuevo']);
    expect(firstOf({ ...double.you, id: 8 })).toEqual(['start', 'quota']);
    await expect(bot.telegram.setMyCommands([{ command: 'No', description: 'x' }])).rejects.toThrow(
      'BOT_COMMAND_INVALID',
    );
    await bot.telegram.setMyDescription('harmless');
  });

  it('goes on in another life with what was said, the newest first, and with the language', () => {
    const file = { file_id: 'file-1', file_unique_id: 'file-1', mime_type: 'text/plain', file_size: 3 };
    double.userSends(5, 'old'.repeat(1_000));
    for (const text of ['one', 'two']) double.userSends(5, text);
    double.userSends(GROUP, 'three');
    double.speak('es');
    const kept = JSON.parse(JSON.stringify(double.snapshot(2_000)));
    kept.files = { [file.file_id]: Buffer.from('log').toString('base64') };
    const next = createBotApiDouble();
    next.addChat({ id: 5, type: 'private', first_name: 'Ada' });
    next.addMember(5, next.you);
    next.restore(kept); // the group is not there any more
    expect(next.messages(5).map(({ text }) => text)).toEqual(['one', 'two']);
    expect(next.userSends(5, 'four').message_id).toBe(4);
    expect(next.you.language_code).toBe('es');
    expect(next.file(file.file_id)?.toString()).toBe('log');
    expect(next.pendingUpdates).toBe(1);
  });

  it('forgets the oldest messages and calls beyond its bound', async () => {
    const small = createBotApiDouble({ dropOldMessages: 10 });
    small.addChat({ id: 1, type: 'private' });
    for (let sent = 1; sent <= 100; sent += 1) small.userSends(1, `m${sent}`);
    expect(small.messages(1).length).toBeLessThanOrEqual(11);
    expect(small.messages(1).at(-1)?.text).toBe('m100');
    expect(small.pendingUpdates).toBe(10);
  });
});

describe('limits', () => {
  it('are answered by a true 429 when they are enforced', async () => {
    const strict = createBotApiDouble({ enforceLimits: true });
    strict.addChat({ id: 5, type: 'private' });
    const { apiRoot } = await strict.start();
    const { telegram } = new Telegraf(TOKEN, { telegram: { apiRoot } });
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => telegram.sendMessage(5, 'x')));
    await strict.stop();
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({
      code: 429,
      description: 'Too Many Requests: retry after 1',
      parameters: { retry_after: 1 },
    });
    expect(strict.messages(5)).toHaveLength(3);
  });
});

describe('control over HTTP', () => {
  it('drives the double from another process, from loopback names and as JSON only', async () => {
    const driven = createBotApiDouble({ control: true });
    driven.addChat({ id: 5, type: 'private' });
    const { apiRoot } = await driven.start();
    const post = (path: string, body: unknown, headers = {}) =>
      fetch(`${apiRoot}/control/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const { telegram } = new Telegraf(TOKEN, { telegram: { apiRoot } });
    await post('faults', {
      method: 'sendMessage',
      action: { kind: 'answer', status: 502, body: 'bad gateway' },
    });
    await expect(telegram.sendMessage(5, 'x')).rejects.toMatchObject({ code: 502 });
    await telegram.sendMessage(5, 'y', {
      reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'b' }]] },
    });
    expect((await post('press', { chatId: 5, messageId: 1, data: 'b' })).status).toBe(200);
    expect((await post('user-sends', { chatId: 5, text: '/start' })).status).toBe(200);
    expect(await telegram.getUpdates(0, 100, 0, undefined)).toHaveLength(2);
    const calls = await (await fetch(`${apiRoot}/control/calls?method=sendMessage`)).json();
    expect(calls).toMatchObject({ calls: [{ status: 502, chatId: 5 }, { status: 200 }] });
    const messages = await (await fetch(`${apiRoot}/control/messages?chatId=5`)).json();
    expect(messages).toMatchObject({ messages: [{ text: 'y' }, { text: '/start' }] });
    expect(
      (await post('user-sends', { chatId: 5, text: 'x' }, { origin: 'http://evil.example' })).status,
    ).toBe(403);
    expect(
      (await post('user-sends', { chatId: 5, text: 'x' }, { 'content-type': 'text/plain' })).status,
    ).toBe(403);
    await post('down', { ms: 50 });
    await vi.waitFor(() => expect(fetch(apiRoot)).rejects.toThrow(), { interval: 5 });
    await vi.waitFor(() => telegram.getMe(), { interval: 20, timeout: 5000 });
    await driven.stop();
    expect((await fetch(`${double.apiRoot}/control/calls`)).status).toBe(404);
  });
});
