import { afterEach, describe, expect, it } from 'vitest';
import { createBotApi } from '../../../src/bot/bot-api.ts';
import { createAgents } from '../../../src/telegram/agents.ts';
import { createTelegramClient } from '../../../src/telegram/connection.ts';
import { createTelegramSender } from '../../../src/telegram/sender.ts';
import { startConnectProxy, startSocksProxy } from '../../support/proxies.ts';
import { startRawServer, startScriptedServer } from './scripted-server.ts';

const TOKEN = '123:not-a-real-token';
const SENT = JSON.stringify({ ok: true, result: { message_id: 42, id: 42 } });
const REQUEST = {
  chatId: 1,
  part: { kind: 'message', text: 'm', entities: [] },
  silent: false,
  threadId: null,
  links: [],
} as const;
/** Only the proxy knows it. */
const HOST = 'telegram.invalid';
const CREDENTIALS = 'user:p@ss word';
const IN_URL = 'user:p%40ss%20word@';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
async function opened<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> {
  const one = await opening;
  closing.push(one.close);
  return one;
}

const serve = () => opened(startScriptedServer((response) => response.end(SENT)));
const senderBy = (proxy: string, apiRoot: string, timeoutMs = 5_000) =>
  createTelegramSender({
    telegram: createTelegramClient({ token: TOKEN, apiRoot, timeoutMs, proxy }),
    timeoutMs,
  });
const portOf = (root: string) => new URL(root).port;

describe.each([
  ['http', startConnectProxy],
  ['socks5h', startSocksProxy],
] as const)('a proxy: %s', (scheme, start) => {
  it('connects each send, with its password, to a host that it alone can find', async () => {
    const [server, proxy] = [await serve(), await opened(start({ credentials: CREDENTIALS }))];
    const apiRoot = `http://${HOST}:${portOf(server.root)}`;
    const sender = senderBy(`${scheme}://${IN_URL}127.0.0.1:${proxy.port}`, apiRoot);
    for (let sends = 0; sends < 2; sends++)
      expect(await sender.send(REQUEST)).toEqual({ kind: 'delivered', messageId: 42 });
    expect(proxy.asked).toEqual(Array(2).fill(`${HOST}:${portOf(server.root)}`));
    expect(server.requests).toHaveLength(2);
  });

  it('connects the bot, too', async () => {
    const [server, proxy] = [await serve(), await opened(start())];
    const way = {
      apiRoot: `http://${HOST}:${portOf(server.root)}`,
      timeoutMs: 5_000,
      proxy: `${scheme}://127.0.0.1:${proxy.port}`,
    };
    const api = createBotApi({
      ...way,
      token: TOKEN,
      agents: createAgents(way, true),
      awaitAnswer: async () => undefined,
    });
    expect(await api.call('getMe', {})).toMatchObject({ id: 42 });
    expect(proxy.asked).toHaveLength(1);
  });

  it('that does not take the password keeps the alert', async () => {
    const [server, proxy] = [await serve(), await opened(start({ credentials: CREDENTIALS }))];
    const sender = senderBy(`${scheme}://user:wrong@127.0.0.1:${proxy.port}`, server.root);
    expect(await sender.send(REQUEST)).toEqual({ kind: 'never_sent', reason: 'connection_failed' });
    expect(server.requests).toHaveLength(0);
  });

  it('that is not there keeps the alert', async () => {
    const [server, proxy] = [await serve(), await start()];
    await proxy.close();
    const sender = senderBy(`${scheme}://127.0.0.1:${proxy.port}`, server.root);
    expect(await sender.send(REQUEST)).toMatchObject({ kind: 'never_sent' });
  });

  it('that never answers keeps the alert, and is found out in half the time limit', async () => {
    const [server, proxy] = [await serve(), await opened(start({ isSilent: true }))];
    const sender = senderBy(`${scheme}://127.0.0.1:${proxy.port}`, server.root, 2_000);
    const began = performance.now();
    expect(await sender.send(REQUEST)).toEqual({ kind: 'never_sent', reason: 'connection_failed' });
    expect(performance.now() - began).toBeLessThan(1_900);
  });

  it('that leads to a host that speaks no TLS keeps the alert', async () => {
    const [server, proxy] = [await serve(), await opened(start())];
    const sender = senderBy(`${scheme}://127.0.0.1:${proxy.port}`, `https://${HOST}:${portOf(server.root)}`);
    expect(await sender.send(REQUEST)).toMatchObject({ kind: 'never_sent' });
    expect(proxy.asked).toEqual([`${HOST}:${portOf(server.root)}`]);
    expect(server.requests).toHaveLength(0);
  });

  it('that loses the connection after the request leaves the alert uncertain', async () => {
    const proxy = await opened(start());
    const raw = await opened(startRawServer((socket) => socket.once('data', () => socket.destroy())));
    const sender = senderBy(`${scheme}://127.0.0.1:${proxy.port}`, `http://${HOST}:${raw.port}`);
    expect(await sender.send(REQUEST)).toEqual({ kind: 'uncertain', reason: 'connection_reset' });
  });
});

describe('a proxy that refuses to connect', () => {
  it.each([200 + 2, 302, 403, 407, 502])(
    'keeps the alert, whatever its page says: %i',
    async (refuseWith) => {
      const [server, proxy] = [await serve(), await opened(startConnectProxy({ refuseWith }))];
      const sender = senderBy(`http://127.0.0.1:${proxy.port}`, server.root);
      expect(await sender.send(REQUEST)).toEqual({ kind: 'never_sent', reason: 'connection_failed' });
      expect(server.requests).toHaveLength(0);
    },
  );
});

it('a proxy that looks names up here is asked for an address: socks5', async () => {
  const [server, proxy] = [await serve(), await opened(startSocksProxy())];
  const sender = senderBy(`socks5://127.0.0.1:${proxy.port}`, server.root);
  expect(await sender.send(REQUEST)).toMatchObject({ kind: 'delivered' });
  expect(proxy.asked).toEqual([`127.0.0.1:${portOf(server.root)}`]);
});
