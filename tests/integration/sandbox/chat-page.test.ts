import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Browser, Page } from 'playwright-core';
import { Telegraf } from 'telegraf';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createBotApiDouble } from '../../../src/sandbox/bot-api-double.ts';
import { createChatPage } from '../../../src/sandbox/chat-page.ts';
import {
  addSandboxChats,
  SANDBOX_CHANNEL,
  SANDBOX_GROUP_CHAT,
  SANDBOX_PRIVATE_CHAT,
} from '../../../src/sandbox/sandbox-chats.ts';
import { launchChromium } from '../../support/chromium.ts';

const YOU = SANDBOX_PRIVATE_CHAT.id;
/** A browser on a busy machine takes more than Vitest's second. */
const SOON = { timeout: 10_000 };
const double = createBotApiDouble();
const storms: number[] = [];
/** One is under way from the second on. */
const storm = async (chatId: number) => storms.push(chatId) === 1;
const page = createChatPage(double, {
  boardUrl: '/admin/queues',
  languages: ['en', 'es'],
  storm,
  preview: async (chatId, text) => {
    if (text === 'no alert') throw new Error('There is no message.');
    const entities = [{ type: 'bold', offset: 0, length: 3 }];
    return {
      ...{ parts: [{ text: `${chatId}: ${text}`, entities, length: 9 }], cost: 1, remaining: 9 },
      ...{ silent: true, warnings: ['titel is not a field: did you mean title?'] },
    };
  },
});
let server: Server;
let base: string;
let bot: Telegraf;

beforeAll(async () => {
  addSandboxChats(double);
  const { apiRoot } = await double.start();
  bot = new Telegraf('1:a', { telegram: { apiRoot } });
  const app = express().use('/sandbox', page.handle);
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sandbox`;
});
afterAll(async () => {
  page.close();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  await double.stop();
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${base}/api/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** fetch does not let a test set Host. */
function statusWithHost(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${base}/api/state`, { headers: { host } }, (res) => {
      res.resume();
      resolve(res.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('over HTTP', () => {
  it('serves its files under a policy without inline code, mounted in Express and alone', async () => {
    const alone = createServer(page.handle);
    await new Promise<void>((resolve) => alone.listen(0, '127.0.0.1', resolve));
    for (const root of [base, `http://127.0.0.1:${(alone.address() as AddressInfo).port}/sandbox`]) {
      const response = await fetch(root);
      const html = await response.text();
      expect(response.url).toBe(`${root}/`);
      expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
      expect(html).not.toMatch(/<script>|<style|style=|onclick=|https?:\/\//);
      for (const [, file] of html.matchAll(/(?:href|src)="([^"]+)"/g))
        expect((await fetch(`${root}/${file}`)).status, file).toBe(200);
      expect((await fetch(`${root}/../package.json`)).status).toBe(404);
    }
    alone.closeAllConnections();
    alone.close();
  });

  it('sends a browser on to its folder, also where a proxy serves it below a path', async () => {
    const { status, headers } = await fetch(base, { redirect: 'manual' });
    expect([status, headers.get('location')]).toEqual([308, './sandbox/']);
  });

  it('takes messages of its own pages only', async () => {
    const origin = base.replace('/sandbox', '');
    const message = { chatId: YOU, text: 'x' };
    expect((await post('send', message, { origin, 'sec-fetch-site': 'same-origin' })).status).toBe(202);
    const before = double.messages(YOU).length;
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'content-type': 'text/plain' },
    ])
      expect((await post('send', message, headers as Record<string, string>)).status).toBe(403);
    expect(double.messages(YOU)).toHaveLength(before);
    expect(await statusWithHost('rebound.example')).toBe(403);
    expect(await statusWithHost('localhost:1')).toBe(200);
  });

  it('refuses empty and overlong texts, unknown chats and buttons', async () => {
    for (const [path, body] of [
      ['send', { chatId: YOU, text: ' ' }],
      ['send', { chatId: YOU, text: 'x'.repeat(4097) }],
      ['send', { chatId: 99, text: 'x' }],
      ['press', { chatId: YOU, messageId: 99, data: 'x' }],
      ['language', { language: 'xx' }],
    ] as const)
      expect((await post(path, body)).status).toBe(400);
  });

  it('previews a text, and says why it cannot', async () => {
    const shown = await post('preview', { chatId: YOU, text: 'disk full' });
    expect([shown.status, await shown.json()]).toEqual([200, expect.objectContaining({ cost: 1 })]);
    const refused = await post('preview', { chatId: YOU, text: 'no alert' });
    expect([refused.status, await refused.json()]).toEqual([400, { error: 'There is no message.' }]);
    expect((await post('preview', { text: 'x' })).status).toBe(400);
  });

  it('starts a storm in a chat that is there, one at a time', async () => {
    const statuses = [99, YOU, YOU].map(async (chatId) => (await post('storm', { chatId })).status);
    expect(await Promise.all(statuses)).toEqual([404, 202, 409]);
    expect(storms).toEqual([YOU, YOU]);
  });

  it('streams what happens in the chats', async () => {
    const abort = new AbortController();
    const response = await fetch(`${base}/api/events`, { signal: abort.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    await bot.telegram.sendMessage(YOU, 'streamed');
    let text = '';
    while (!text.includes('streamed')) text += (await reader?.read())?.value ?? '';
    expect(text).toContain('data: {"type":"message"');
    abort.abort();
  });
});

describe('in a browser', () => {
  let browser: Browser;
  let view: Page;
  const problems: string[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
    view = await browser.newPage({ reducedMotion: 'reduce' });
    view.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    view.on('pageerror', (error) => problems.push(error.message));
    view.on('request', (sent) => sent.url().startsWith(base) || problems.push(`request to ${sent.url()}`));
    bot.start((context) =>
      context.reply('Welcome', {
        reply_markup: { inline_keyboard: [[{ text: 'Token', callback_data: 'token' }]] },
      }),
    );
    bot.action('token', async (context) => {
      await context.answerCbQuery('Here it is');
      await context.replyWithHTML('<code>eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0dXJl</code> <b>bold</b>');
    });
    void bot.launch();
    await bot.telegram.setMyCommands([{ command: 'start', description: 'Begin here' }]);
    double.addChat({ id: 77, type: 'private', first_name: 'Newcomer' });
  });
  afterAll(async () => {
    bot.stop();
    await browser.close();
  });

  it('leads a newcomer from the empty chat to the bot’s answer and its buttons', async () => {
    await view.goto(base);
    await view.getByRole('button', { name: 'Newcomer' }).click();
    await view.getByText('Nothing here yet').waitFor();
    await view.getByRole('button', { name: 'Send /start' }).click();
    await view.getByText('Welcome').waitFor();
    expect(await view.getByText('Nothing here yet').isVisible()).toBe(false);
    await view.getByRole('button', { name: 'Token' }).click();
    await view.getByRole('alert').getByText('Here it is').waitFor();
    await view.locator('code', { hasText: 'eyJhbGciOi' }).waitFor();
    await view.getByRole('button', { name: 'Copy', exact: true }).click();
    await view.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await view.locator('strong', { hasText: 'bold' }).count()).toBe(1);
  });

  it('sends by keyboard, and offers the bot’s commands', async () => {
    const input = view.getByRole('textbox', { name: 'Message' });
    await input.fill('typed');
    await input.press('Enter');
    await view.locator('.mine', { hasText: 'typed' }).waitFor();
    await input.fill('/st');
    await view.getByRole('group', { name: 'Bot commands' }).getByText('Begin here').waitFor();
    await input.press('Escape');
    await vi.waitFor(async () => expect(await view.locator('#menu').isVisible()).toBe(false), SOON);
    await input.fill('');
  });

  it('shows how a text would look as an alert, and sends nothing', async () => {
    const before = double.messages(77).length;
    const input = view.getByRole('textbox', { name: 'Message' });
    await input.fill('<i>disk full');
    await view.getByRole('button', { name: 'Preview' }).click();
    await view.locator('.message.preview', { hasText: '77: <i>disk full' }).waitFor();
    await view.getByText('nothing was sent · costs 1 of 9 left · titel is not a field').waitFor();
    expect(await view.locator('.message.preview strong').textContent()).toBe('77:');
    expect(await input.inputValue()).toBe('<i>disk full');
    expect(double.messages(77)).toHaveLength(before);
    await input.fill('');
  });

  it('shows markup in a message as text, and never as an address that runs code', async () => {
    await bot.telegram.sendMessage(77, '<img src=x onerror=alert(1)> end', {
      entities: [{ type: 'text_link', offset: 0, length: 4, url: 'javascript:alert(1)' }],
    });
    await view.locator('.message', { hasText: '<img src=x onerror=alert(1)> end' }).waitFor();
    expect(await view.locator('.log img').count()).toBe(0);
    expect(await view.locator('a[href^="javascript"]').count()).toBe(0);
  });

  it('marks silent messages, follows edits and deletions, counts what comes to other chats', async () => {
    const sent = await bot.telegram.sendMessage(77, 'quiet', { disable_notification: true });
    const bubble = view.locator('.message', { hasText: 'quiet' });
    await bubble.getByTitle('Sent silently').or(bubble.locator('svg[role=img]')).first().waitFor();
    await bot.telegram.editMessageText(77, sent.message_id, undefined, 'changed');
    await view.locator('.message', { hasText: 'changed' }).getByText('edited').waitFor();
    await bot.telegram.deleteMessage(77, sent.message_id);
    await vi.waitFor(async () => expect(await view.getByText('changed').count()).toBe(0), SOON);
    await bot.telegram.sendMessage(SANDBOX_GROUP_CHAT.id, 'to the group');
    await view.getByLabel('1 unread').waitFor();
    await view.getByRole('button', { name: 'Ops team' }).click();
    await view.getByText('to the group').waitFor();
  });

  it('shows what a message answers, and leads there', async () => {
    const { message_id } = await bot.telegram.sendMessage(77, 'Disk full\non db1');
    const reply = await bot.telegram.sendMessage(77, 'Resolved', { reply_parameters: { message_id } });
    await view.getByRole('button', { name: 'Newcomer' }).click();
    const quote = view.locator(`[data-id="${reply.message_id}"] .quote`);
    await quote.getByText('Disk full', { exact: true }).waitFor();
    await quote.click();
    await view.locator(`.found[data-id="${message_id}"]`).waitFor();
    await bot.telegram.deleteMessage(77, message_id);
    await view.locator(`[data-id="${message_id}"]`).waitFor({ state: 'detached' });
    await quote.click();
    await view.getByRole('alert').getByText('no longer here').waitFor();
  });

  it('shows a moment as the reader’s own clock has it', async () => {
    const at = Date.UTC(2026, 10, 25, 14, 2) / 1000;
    const entity = (offset: number, date_time_format: string) => ({
      ...{ type: 'date_time', offset, length: 5, unix_time: at, date_time_format },
    });
    const { message_id } = await bot.telegram.sendMessage(77, 'AAAAA BBBBB CCCCC', {
      // Telegraf's types do not know it yet.
      entities: [entity(0, 't'), entity(6, 'wD'), entity(12, '')] as never,
    });
    const times = view.locator(`[data-id="${message_id}"] .body time`);
    await times.first().waitFor();
    const expected = await view.evaluate((seconds) => {
      const date = new Date(seconds * 1000);
      const day = date.toLocaleDateString([], { weekday: 'long' });
      const short = new Intl.DateTimeFormat([], { timeStyle: 'short' }).format(date);
      return [short, `${day}, ${new Intl.DateTimeFormat([], { dateStyle: 'long' }).format(date)}`, 'CCCCC'];
    }, at);
    expect(await times.allTextContents()).toEqual(expected);
  });

  it('opens its whole menu on a phone, for administrators of the group as well, and none in a channel', async () => {
    const commands = ['start', 'token', 'integrations', 'revoke', 'quota', 'test', 'id', 'help'].map(
      (command) => ({ command, description: 'Get a setup token for a new integration' }),
    );
    for (const type of ['all_private_chats', 'all_chat_administrators'] as const)
      await bot.telegram.setMyCommands(commands, { scope: { type } });
    const menu = view.getByRole('group', { name: 'Bot commands' });
    for (const size of [
      { width: 390, height: 844 },
      { width: 320, height: 568 },
      { width: 1280, height: 800 },
    ]) {
      await view.setViewportSize(size);
      for (const chat of ['Newcomer', 'Ops team']) {
        await view.getByRole('button', { name: chat }).click();
        await view.getByRole('button', { name: 'Menu' }).click();
        await menu.getByText('/help').waitFor();
        expect(await menu.evaluate((node) => node.scrollHeight - node.clientHeight)).toBe(0);
        const box = await menu.boundingBox();
        expect(box?.y).toBeGreaterThanOrEqual(0);
        await view.keyboard.press('Escape');
      }
    }
    await view.getByRole('button', { name: 'Status' }).click();
    await view.getByText('Channel with Pingui Alert').first().waitFor();
    expect(await view.getByRole('button', { name: 'Menu' }).isVisible()).toBe(false);
  });

  it('speaks the language that is chosen, to the bot as well', async () => {
    await bot.telegram.setMyCommands([{ command: 'ayuda', description: 'Cómo funciona' }], {
      scope: { type: 'all_private_chats' },
      language_code: 'es',
    });
    await view.getByRole('button', { name: 'You Private chat' }).click();
    const choice = view.getByRole('combobox', { name: 'Your language' });
    expect(await choice.locator('option').allTextContents()).toEqual(['English', 'Español']);
    await choice.selectOption('es');
    await view.getByRole('button', { name: 'Menu' }).click();
    await view.getByText('Cómo funciona').waitFor();
    await view.keyboard.press('Escape');
    const heard = new Promise((resolve) => {
      bot.command('hear', (context) => resolve(context.from.language_code));
    });
    double.userSends(YOU, '/hear');
    expect(await heard).toBe('es');
    await view.reload();
    await expect.poll(() => choice.inputValue(), SOON).toBe('es');
    await choice.selectOption('en');
    await vi.waitFor(() => expect(double.you.language_code).toBe('en'), SOON);
  });

  it('writes each line in its own direction: an Arabic full stop is on the left', async () => {
    await bot.telegram.sendMessage(YOU, 'القرص ممتلئ.\nDisk full.', {
      reply_markup: { inline_keyboard: [[{ text: 'حسنا.', callback_data: 'x' }]] },
    });
    await view.getByRole('button', { name: 'You Private chat' }).click();
    const body = view.locator('.body', { hasText: 'Disk full.' });
    /** Is the full stop of this line to the left of the letter before it? */
    const isLeft = (text: string) =>
      body.evaluate((node, line) => {
        const [content] = node.childNodes;
        const at = node.textContent.indexOf(line) + line.length - 1;
        const leftOf = (index: number) => {
          const range = node.ownerDocument.createRange();
          range.setStart(content, index);
          range.setEnd(content, index + 1);
          return range.getBoundingClientRect().left;
        };
        return leftOf(at) < leftOf(at - 1);
      }, text);
    await body.waitFor();
    // The log may be drawn anew meanwhile.
    await expect.poll(() => isLeft('القرص ممتلئ.'), SOON).toBe(true);
    expect(await isLeft('Disk full.')).toBe(false);
    const key = view.getByRole('button', { name: 'حسنا.' });
    expect(
      await key.evaluate((node) => node.ownerDocument.defaultView?.getComputedStyle(node).unicodeBidi),
    ).toBe('plaintext');
  });

  it('shows no button any more when the bot has taken them off', async () => {
    const { message_id } = await bot.telegram.sendMessage(YOU, 'choose', {
      reply_markup: { inline_keyboard: [[{ text: 'Only this', callback_data: 'only' }]] },
    });
    const key = view.getByRole('button', { name: 'Only this' });
    await key.focus();
    await bot.telegram.editMessageReplyMarkup(YOU, message_id, undefined, undefined);
    await key.waitFor({ state: 'detached' });
    expect(await view.evaluate('document.activeElement.id')).toBe('scroll');
  });

  it('follows a link to the bot into the private chat, not to the real Telegram', async () => {
    await bot.telegram.sendMessage(SANDBOX_CHANNEL.id, 'Get a token', {
      reply_markup: {
        inline_keyboard: [
          [{ text: 'Open private chat', url: `https://t.me/${double.bot.username}?start=token_-5` }],
        ],
      },
    });
    await view.getByRole('button', { name: 'Status' }).click();
    await view.getByRole('button', { name: 'Open private chat' }).click();
    await view.locator('.mine', { hasText: '/start token_-5' }).waitFor();
    expect(await view.getByRole('heading', { level: 1 }).textContent()).toBe('Pingui Alert');
  });

  it('gives a document to download', async () => {
    await view.getByRole('button', { name: 'Ops team' }).click();
    await bot.telegram.sendDocument(SANDBOX_GROUP_CHAT.id, {
      source: Buffer.from('all of it'),
      filename: 'full.log',
    });
    const [download] = await Promise.all([
      view.waitForEvent('download'),
      view.getByRole('link', { name: /full\.log/ }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('full.log');
  });

  it('asked nobody else and broke no rule of its policy', () => {
    expect(problems).toEqual([]);
  });
});
