import { afterEach, describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../../src/domain/outcome.ts';
import type { RenderedPart, SendRequest, TelegramSender } from '../../../src/services/ports/telegram.ts';
import { createTelegramClient } from '../../../src/telegram/connection.ts';
import { createTelegramSender } from '../../../src/telegram/sender.ts';
import { type ScriptedServer, startRawServer, startScriptedServer } from './scripted-server.ts';

const TOKEN = '123:not-a-real-token';
const MESSAGE: RenderedPart = {
  kind: 'message',
  text: 'Disk 😀 full',
  entities: [{ type: 'bold', offset: 0, length: 4 }],
};
const REQUEST: SendRequest = {
  chatId: -1001234567890,
  part: MESSAGE,
  silent: false,
  threadId: null,
  links: [],
};
const SENT = JSON.stringify({ ok: true, result: { message_id: 42 } });

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(...script: Parameters<typeof startScriptedServer>): Promise<ScriptedServer> {
  const server = await startScriptedServer(...script);
  closing.push(server.close);
  return server;
}

async function serveRaw(...args: Parameters<typeof startRawServer>): Promise<number> {
  const server = await startRawServer(...args);
  closing.push(server.close);
  return server.port;
}

function senderTo(apiRoot: string, timeoutMs = 5_000): TelegramSender {
  return createTelegramSender({
    telegram: createTelegramClient({ token: TOKEN, apiRoot, timeoutMs }),
    timeoutMs,
  });
}

/** What one send to a server with this script comes to, and what the server saw. */
async function sendTo(
  script: Parameters<typeof startScriptedServer>[0],
  timeoutMs?: number,
  request = REQUEST,
) {
  const server = await serve(script);
  const outcome = await senderTo(server.root, timeoutMs).send(request);
  return { outcome, server };
}

describe('a send', () => {
  it('posts text and entities as they are, without a parse mode', async () => {
    const { outcome, server } = await sendTo((response) => response.end(SENT));
    expect(outcome).toEqual({ kind: 'delivered', messageId: 42 });
    expect(server.requests.map(({ method }) => method)).toEqual([`/bot${TOKEN}/sendMessage`]);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      chat_id: -1001234567890,
      text: 'Disk 😀 full',
      entities: [{ type: 'bold', offset: 0, length: 4 }],
      link_preview_options: { is_disabled: true },
    });
  });

  it('passes on silence, topic and buttons: links in rows that a phone can show, then what is pressed', async () => {
    const url = 'https://a.b/c';
    const [open, a, b, c] = [{ url }, { title: 'A', url }, { title: 'B', url }, { title: 'C', url }];
    const shown = (...titles: string[]) => titles.map((text) => ({ text, url }));
    const { server } = await sendTo((response) => response.end(SENT), undefined, {
      ...REQUEST,
      silent: true,
      threadId: 7,
      links: [open, a, b, c],
      keys: [{ text: 'Acknowledge', data: 'ack:1' }],
    });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
      disable_notification: true,
      message_thread_id: 7,
      reply_markup: {
        inline_keyboard: [
          shown('Open', 'A'),
          shown('B', 'C'),
          [{ text: 'Acknowledge', callback_data: 'ack:1' }],
        ],
      },
    });
    const three = await sendTo((response) => response.end(SENT), undefined, { ...REQUEST, links: [a, b, c] });
    expect(JSON.parse(three.server.requests[0]?.body ?? '').reply_markup).toEqual({
      inline_keyboard: [shown('A', 'B', 'C')],
    });
  });

  it('names neither the General topic nor a button that Telegram would refuse', async () => {
    const { server } = await sendTo((response) => response.end(SENT), undefined, {
      ...REQUEST,
      threadId: 1,
      links: [{ url: 'http://localhost:3000' }],
    });
    const body = JSON.parse(server.requests[0]?.body ?? '');
    expect(body).not.toHaveProperty('message_thread_id');
    expect(body).not.toHaveProperty('reply_markup');
  });

  it('uploads a document with its caption, entities and button', async () => {
    const part: RenderedPart = {
      kind: 'document',
      text: 'Head…',
      entities: [{ type: 'bold', offset: 0, length: 4 }],
      document: { filename: 'alert.txt', content: 'größer 😀\r\n' },
    };
    const { outcome, server } = await sendTo((response) => response.end(SENT), undefined, {
      ...REQUEST,
      part,
      silent: true,
      threadId: 7,
      links: [{ url: 'https://a.b/c' }],
    });
    expect(outcome).toEqual({ kind: 'delivered', messageId: 42 });
    const [request] = server.requests;
    expect(request?.method).toBe(`/bot${TOKEN}/sendDocument`);
    const body = request?.body ?? '';
    expect(body).toContain('name="document"; filename="alert.txt"\r\n\r\ngrößer 😀\r\n');
    for (const [name, value] of [
      ['chat_id', '-1001234567890'],
      ['caption', 'Head…'],
      ['caption_entities', '[{"type":"bold","offset":0,"length":4}]'],
      ['disable_notification', 'true'],
      ['message_thread_id', '7'],
      ['reply_markup', '{"inline_keyboard":[[{"text":"Open","url":"https://a.b/c"}]]}'],
    ]) {
      expect(body).toContain(`name="${name}"\r\n\r\n${value}\r\n`);
    }
  });

  it('keeps a path in the API root', async () => {
    const server = await serve((response) => response.end(SENT));
    await senderTo(`${server.root}/proxy/tg`).send(REQUEST);
    expect(server.requests[0]?.method).toBe(`/proxy/tg/bot${TOKEN}/sendMessage`);
  });

  it('has its own connection each time, so that none can be stale', async () => {
    const server = await serve((response) => response.end(SENT));
    const sender = senderTo(server.root);
    for (let i = 0; i < 3; i++) await sender.send(REQUEST);
    expect(server.connections()).toBe(3);
  });

  it('follows what Telegram refuses', async () => {
    const { outcome } = await sendTo((response) => {
      response.statusCode = 429;
      response.end(
        JSON.stringify({ ok: false, error_code: 429, description: 'x', parameters: { retry_after: 3 } }),
      );
    });
    expect(outcome).toEqual({ kind: 'flood_wait', retryAfterMs: 3_000 });
  });
});

const uncertain = (reason: string): SendOutcome => ({ kind: 'uncertain', reason });

describe('a fault', () => {
  it.each<[string, Parameters<typeof startScriptedServer>[0], SendOutcome, number?]>([
    [
      'a reset after the request',
      (_response, socket) => socket.resetAndDestroy(),
      uncertain('connection_reset'),
    ],
    ['an end without an answer', (_response, socket) => socket.end(), uncertain('connection_reset')],
    ['no answer in time', () => undefined, uncertain('timeout'), 1_000],
    [
      'an answer that stops in the middle',
      (response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('{"ok":true,');
      },
      uncertain('timeout'),
      1_000,
    ],
    // node-fetch waits on for the rest of an answer with a length: only the time limit ends the call.
    [
      'an answer that is cut off',
      (response, socket) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('{"ok":true,', () => socket.end());
      },
      uncertain('timeout'),
      1_000,
    ],
    [
      'a chunked answer that is cut off',
      (response, socket) => {
        response.write('{"ok":true,', () => socket.resetAndDestroy());
      },
      uncertain('answer_cut'),
    ],
    ['an answer that is no JSON', (response) => response.end('<html>'), uncertain('answer_unreadable')],
    ['an answer that is null', (response) => response.end('null'), uncertain('unknown_fault')],
    ['an empty answer', (response) => response.end(), uncertain('answer_unreadable')],
    [
      'an ok without a message',
      (response) => response.end('{"ok":true}'),
      uncertain('answer_without_message'),
    ],
    [
      'a refusal that is no JSON',
      (response) => {
        response.statusCode = 403;
        response.end('Forbidden by a proxy');
      },
      uncertain('answer_unreadable'),
    ],
    [
      'a 502',
      (response) => {
        response.statusCode = 502;
        response.end('{"ok":false,"error_code":400,"description":"chat not found"}');
      },
      uncertain('telegram_502'),
    ],
    [
      'an answer that is no HTTP',
      (_response, socket) => {
        socket.end('nonsense\r\n\r\n');
      },
      uncertain('unknown_fault'),
    ],
  ])('%s is uncertain, after exactly one request', async (_title, script, expected, timeoutMs) => {
    const { outcome, server } = await sendTo(script, timeoutMs);
    expect(outcome).toEqual(expected);
    // A repeat of its own would come at once.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requests).toHaveLength(1);
  });

  it.each(['http', 'https'])('a refused connection is never sent: %s', async (scheme) => {
    const server = await startRawServer(() => undefined);
    await server.close();
    expect(await senderTo(`${scheme}://127.0.0.1:${server.port}`).send(REQUEST)).toEqual({
      kind: 'never_sent',
      reason: 'connection_refused',
    });
  });

  it('a reset before the TLS handshake is done is never sent', async () => {
    const port = await serveRaw((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await senderTo(`https://127.0.0.1:${port}`).send(REQUEST)).toEqual({
      kind: 'never_sent',
      reason: 'connection_failed',
    });
  });

  it('a connection that does not come about is never sent, and found out in half the time limit', async () => {
    const port = await serveRaw(() => undefined);
    const started = performance.now();
    expect(await senderTo(`https://127.0.0.1:${port}`, 2_000).send(REQUEST)).toEqual({
      kind: 'never_sent',
      reason: 'connection_failed',
    });
    expect(performance.now() - started).toBeLessThan(1_900);
  });

  it('a server that speaks no TLS is never sent', async () => {
    const server = await serve((response) => response.end(SENT));
    expect(await senderTo(server.root.replace('http:', 'https:')).send(REQUEST)).toMatchObject({
      kind: 'never_sent',
    });
    expect(server.requests).toHaveLength(0);
  });

  it('a reset after the connection stands is uncertain, though nothing was read', async () => {
    const port = await serveRaw((socket) => setTimeout(() => socket.resetAndDestroy(), 100));
    expect(await senderTo(`http://127.0.0.1:${port}`).send(REQUEST)).toEqual(uncertain('connection_reset'));
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('is uncertain, and not followed: %i', async (status) => {
    const gone = await startRawServer(() => undefined);
    await gone.close();
    for (const location of ['/login', `http://127.0.0.1:${gone.port}/`, 'https://portal.invalid/']) {
      const { outcome, server } = await sendTo((response) => {
        response.writeHead(status, { location, 'content-type': 'text/html' });
        response.end('<html>Please sign in</html>');
      });
      expect(outcome).toEqual(uncertain('redirected'));
      expect(server.requests).toHaveLength(1);
    }
  });
});

describe('a probe', () => {
  const probe = async (status: number, body: string) => {
    const server = await serve((response) => {
      response.statusCode = status;
      response.end(body);
    });
    const result = await senderTo(server.root).probe();
    expect(server.requests.map(({ method }) => method)).toEqual([`/bot${TOKEN}/getMe`]);
    return result;
  };
  const refusal = (code: number) => JSON.stringify({ ok: false, error_code: code, description: 'x' });

  it('says whether Telegram answers and takes the token', async () => {
    expect(await probe(200, '{"ok":true,"result":{"id":123}}')).toBe('ok');
    expect(await probe(429, refusal(429))).toBe('ok');
    expect(await probe(401, refusal(401))).toBe('unauthorized');
    expect(await probe(404, refusal(404))).toBe('unauthorized');
    expect(await probe(502, 'x')).toBe('unreachable');
    expect(await probe(200, 'x')).toBe('unreachable');
    expect(await probe(400, '{"ok":false,"error_code":400,"description":"Logged out"}')).toBe('unauthorized');
  });
});
