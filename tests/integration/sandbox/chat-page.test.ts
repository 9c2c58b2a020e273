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
  SANDBOX_GROUP_CHAT,
  SANDBOX_PRIVATE_CHAT,
} from '../../../src/sandbox/sandbox-chats.ts';
import { launchChromium } from '../../support/chromium.ts';

const YOU = SANDBOX_PRIVATE_CHAT.id;
const double = createBotApiDouble();
const page = createChatPage(double, { boardUrl: '/admin/queues' });
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
    ] as const)
      expect((await post(path, body)).status).toBe(400);
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
    view = await browser.newPage();
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
    await vi.waitFor(async () => expect(await view.locator('#menu').isVisible()).toBe(false));
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
    await vi.waitFor(async () => expect(await view.getByText('changed').count()).toBe(0));
    await bot.telegram.sendMessage(SANDBOX_GROUP_CHAT.id, 'to the group');
    await view.getByLabel('1 unread').waitFor();
    await view.getByRole('button', { name: 'Ops team' }).click();
    await view.getByText('to the group').waitFor();
  });

  it('gives a document to download', async () => {
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
