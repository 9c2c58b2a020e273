import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWebhook, deriveWebhookSecret, type Webhook } from '../../../../src/bot/updates/webhook.ts';
import { errorAnswer } from '../../../../src/sandbox/bot-api-double.ts';
import {
  ANN,
  BOT_TOKEN,
  type BotRig,
  createBotRig,
  eventually,
  FAST_BACKOFF,
} from '../../../support/bot-rig.ts';

const SECRET = deriveWebhookSecret(BOT_TOKEN);

describe('the webhook', () => {
  let rig: BotRig;
  let webhook: Webhook;
  let address: string;
  let close: () => Promise<void>;
  beforeEach(async () => {
    rig = await createBotRig({ timeoutMs: 1_500 });
    const app = express();
    // Mounted below a prefix: Express takes it off req.url.
    app.use('/hooks', (req, res, next) => webhook.handler(req, res, next));
    app.use((_req, res) => void res.status(404).end());
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    webhook = createWebhook({
      bot: rig.bot,
      url: `${address}/hooks/telegram?x=1`,
      secret: SECRET,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
      clock: { now: Date.now },
      backoff: FAST_BACKOFF,
      answerAfterMs: 200,
    });
    close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  });
  afterEach(async () => {
    await webhook.stop();
    await rig.close();
    await close();
  });

  const update = (id: number, text = '/id') => ({
    update_id: id,
    message: { message_id: 1, date: 1, chat: { id: ANN.id, type: 'private' }, from: ANN, text },
  });
  const post = async (body: unknown, headers: Record<string, string> = {}, path = '/hooks/telegram') => {
    const response = await fetch(address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': SECRET, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    await response.arrayBuffer();
    return response.status;
  };

  it('tells Telegram its address and secret until that works, and answers people', async () => {
    rig.double.fault({ method: 'setWebhook', times: 2, action: errorAnswer(502, 'Bad Gateway') });
    webhook.start();
    await eventually(() => webhook.state().state === 'webhook');
    const call = rig.double.calls.findLast(({ method }) => method === 'setWebhook');
    expect(call?.payload).toMatchObject({ url: `${address}/hooks/telegram?x=1`, secret_token: SECRET });
    rig.double.userSends(ANN.id, '/id');
    expect((await rig.botSays(ANN.id)).text).toContain(String(ANN.id));
    await eventually(() => rig.double.pendingUpdates === 0);
  });

  it('gets what happens in channels, too', async () => {
    const channel = { id: -1_000_000_500_300, type: 'channel', title: 'News' } as const;
    rig.double.addChat(channel);
    rig.double.addMember(channel.id, ANN, 'creator');
    rig.double.setBotStatus(channel.id, 'left', ANN);
    webhook.start();
    await eventually(() => webhook.state().state === 'webhook');
    rig.double.setBotStatus(channel.id, 'administrator', ANN);
    expect((await rig.botSays(ANN.id)).text).toContain('News');
    rig.double.userSends(channel.id, '/start', ANN);
    expect((await rig.botSays(channel.id)).text).toContain('registered');
  });

  it('refuses a wrong or missing secret, other methods and what is no update, and passes other paths on', async () => {
    webhook.start();
    await eventually(() => webhook.state().state === 'webhook');
    expect(await post(update(1), { 'x-telegram-bot-api-secret-token': `${SECRET.slice(0, -1)}x` })).toBe(401);
    expect(await post(update(1), { 'x-telegram-bot-api-secret-token': '' })).toBe(401);
    expect((await fetch(`${address}/hooks/telegram`)).status).toBe(405);
    expect(await post('{"update_id":')).toBe(400);
    expect(await post('null')).toBe(400);
    expect(await post({ update_id: 'one' })).toBe(400);
    expect(await post(`"${'x'.repeat(1_100_000)}"`)).toBe(413);
    expect(await post(update(1), {}, '/hooks/elsewhere')).toBe(404);
    expect(rig.double.messages(ANN.id)).toEqual([]);
  });

  it('answers a repeated update 200 and does nothing', async () => {
    webhook.start();
    await eventually(() => webhook.state().state === 'webhook');
    expect(await Promise.all([1, 1, 1].map((id) => post(update(id))))).toEqual([200, 200, 200]);
    await rig.botSays(ANN.id);
    expect(rig.double.messages(ANN.id)).toHaveLength(1);
  });

  it('answers before Telegram loses patience, although a reply hangs', async () => {
    webhook.start();
    await eventually(() => webhook.state().state === 'webhook');
    rig.double.fault({ method: 'sendMessage', action: { kind: 'hang' } });
    const before = performance.now();
    expect(await post(update(1))).toBe(200);
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  it('asks Telegram to come again while it does not know its own name, and after a stop', async () => {
    const fault = rig.double.fault({
      method: 'getMe',
      times: 'always',
      action: errorAnswer(401, 'Unauthorized'),
    });
    webhook.start();
    await eventually(() => webhook.state().state === 'unauthorized');
    expect(await post(update(1))).toBe(503);
    fault.remove();
    await eventually(() => webhook.state().state === 'webhook');
    expect(await post(update(1))).toBe(200);
    await rig.botSays(ANN.id);
    await webhook.stop();
    expect(await post(update(2))).toBe(503);
  });

  it('has a name for an address that Telegram does not take, and its end', async () => {
    const fault = rig.double.fault({
      method: 'setWebhook',
      times: 'always',
      action: errorAnswer(400, 'Bad Request: bad webhook: HTTPS url must be provided for webhook'),
    });
    webhook.start();
    await eventually(() => webhook.state().state === 'webhook_refused');
    fault.remove();
    await eventually(() => webhook.state().state === 'webhook');
  });

  it('takes a body that the server has parsed already', async () => {
    const app = express();
    app.use(express.json(), (req, res, next) => webhook.handler(req, res, next));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    webhook.start();
    await eventually(() => webhook.state().state === 'webhook');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await post(update(1))).toBe(200);
    await rig.botSays(ANN.id);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
