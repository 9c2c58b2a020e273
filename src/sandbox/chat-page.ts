import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BotApiDouble } from './bot-api-double.ts';
import { readInteger, readString } from './double/payload.ts';
import { Refusal } from './double/refusals.ts';
import { parseJson, readBody } from './double/request-body.ts';
import { refusalOf } from './double/same-origin.ts';
import { createEventStreams } from './page-events.ts';

interface ChatPageOptions {
  /** Where the page is mounted, without a trailing slash. Default `/sandbox`. */
  readonly basePath?: string;
  /** Link to the queue board in the page's banner. */
  readonly boardUrl?: string;
  /** Two-letter codes of the languages to choose from, as in Telegram's own settings. Default: English alone. */
  readonly languages?: readonly string[];
  /** What a text, or the JSON of an alert, would look like in the chat. Its errors are for the person. Without it: no button. */
  readonly preview?: (chatId: number, text: string) => Promise<Record<string, unknown>>;
  /** Sends 50 alerts into the chat, the others after the first; false: it is at it. Without it the page has no button. */
  readonly storm?: (chatId: number) => Promise<boolean>;
}

export interface ChatPage {
  /** For `app.use(basePath, handle)` in Express or as a node:http handler of its own. */
  handle(req: IncomingMessage & { readonly originalUrl?: string }, res: ServerResponse): void;
  /** Ends the open event streams, which would keep an HTTP server from closing. */
  close(): void;
}

const ASSETS: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'chat.css': 'text/css; charset=utf-8',
  'chat-list.css': 'text/css; charset=utf-8',
  'message.css': 'text/css; charset=utf-8',
  'composer.css': 'text/css; charset=utf-8',
  'chat.js': 'text/javascript; charset=utf-8',
  'calls.js': 'text/javascript; charset=utf-8',
  'composer.js': 'text/javascript; charset=utf-8',
  'messages.js': 'text/javascript; charset=utf-8',
  'preview.js': 'text/javascript; charset=utf-8',
  'entities.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
/** A Telegram message of 4096 characters in JSON is far below it. */
const MAX_BODY_BYTES = 64 * 1024;

type Route = (input: Record<string, unknown>, res: ServerResponse) => unknown;

function loadAssets(): Map<string, { type: string; content: Buffer }> {
  const folder = new URL('./page/', import.meta.url);
  return new Map(
    Object.entries(ASSETS).map(([name, type]) => [
      name,
      { type, content: readFileSync(new URL(name, folder)) },
    ]),
  );
}

function need(value: number | undefined): number {
  if (value === undefined) throw new Refusal(400, 'chatId or messageId is missing');
  return value;
}

/**
 * The chat window of sandbox mode: shows the double's chats in a browser and lets a person write and press buttons.
 * It has no login: it answers loopback names only, and POSTs of its own pages only.
 */
export function createChatPage(double: BotApiDouble, options: ChatPageOptions = {}): ChatPage {
  const basePath = options.basePath ?? '/sandbox';
  const assets = loadAssets();
  const streams = createEventStreams(double.onEvent);
  const languages = options.languages ?? ['en'];

  const json = (res: ServerResponse, status: number, body: unknown): void => {
    res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
    res.end(JSON.stringify(body));
  };

  const sendFile = (res: ServerResponse, fileId: string, name: string): void => {
    const content = double.file(fileId);
    if (!content) throw new Refusal(404, 'The sandbox does not have this file, or no longer has it');
    res.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      'content-length': content.length,
    });
    res.end(content);
  };

  const routes: Readonly<Record<string, Route>> = {
    'GET api/state': (_input, res) =>
      json(res, 200, {
        bot: double.bot,
        boardUrl: options.boardUrl ?? null,
        hasPreview: options.preview !== undefined,
        languages,
        language: double.you.language_code ?? null,
        storm: options.storm !== undefined,
        chats: double.chats.map((chat) => ({ ...chat, commands: double.menu(chat) })),
      }),
    'GET api/messages': (input, res) =>
      json(res, 200, { messages: double.messages(need(readInteger(input, 'chatId'))) }),
    'GET api/events': (_input, res) => streams.open(res),
    'POST api/send': (input, res) => {
      const text = readString(input, 'text')?.trim() ?? '';
      if (text === '' || [...text].length > 4096)
        throw new Refusal(400, 'A message has 1 to 4096 characters');
      double.userSends(need(readInteger(input, 'chatId')), text);
      json(res, 202, {});
    },
    'POST api/preview': async (input, res) => {
      if (options.preview === undefined) throw new Refusal(404, 'There is no preview');
      json(
        res,
        200,
        await options.preview(need(readInteger(input, 'chatId')), readString(input, 'text') ?? ''),
      );
    },
    'POST api/language': (input, res) => {
      const language = readString(input, 'language') ?? '';
      if (!languages.includes(language))
        throw new Refusal(400, `The language must be one of ${languages.join(', ')}`);
      double.speak(language);
      json(res, 202, {});
    },
    'POST api/storm': async (input, res) => {
      const chatId = need(readInteger(input, 'chatId'));
      if (options.storm === undefined || !double.chats.some(({ id }) => id === chatId))
        throw new Refusal(404, 'There is no such chat');
      if (!(await options.storm(chatId))) throw new Refusal(409, 'One storm is on its way already');
      json(res, 202, {});
    },
    'POST api/press': (input, res) => {
      const messageId = need(readInteger(input, 'messageId'));
      const data = readString(input, 'data') ?? '';
      json(res, 202, { callbackId: double.pressButton(need(readInteger(input, 'chatId')), messageId, data) });
    },
  };

  const answer = async (req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> => {
    const refused = refusalOf(req);
    if (refused) throw new Refusal(403, refused);
    const path = url.pathname.slice(basePath.length).replace(/^\//, '');
    const route = routes[`${req.method} ${path}`];
    if (route) {
      const body = req.method === 'POST' ? parseJson(await readBody(req, MAX_BODY_BYTES)) : {};
      await route({ ...Object.fromEntries(url.searchParams), ...body }, res);
      return;
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') throw new Refusal(404, 'Not Found');
    const file = /^api\/files\/([\w-]+)$/.exec(path)?.[1];
    if (file) return sendFile(res, file, url.searchParams.get('name') ?? 'file');
    const asset = assets.get(path === '' ? 'index.html' : path);
    if (!asset) throw new Refusal(404, 'Not Found');
    res.writeHead(200, { 'content-type': asset.type, 'content-length': asset.content.length });
    res.end(asset.content);
  };

  return {
    handle(req, res) {
      // Express takes the mount path off `url` and keeps the whole in `originalUrl`.
      const url = new URL(req.originalUrl ?? req.url ?? '/', 'http://sandbox');
      for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
      if (url.pathname === basePath) {
        // The page's own addresses are relative, and so is this one: a proxy may serve it below a path.
        res.writeHead(308, { location: `./${basePath.split('/').at(-1)}/` });
        res.end();
        return;
      }
      answer(req, res, url).catch((error: unknown) => {
        if (res.headersSent) return void res.destroy();
        const status = error instanceof Refusal ? error.status : 400;
        json(res, status, { error: error instanceof Error ? error.message : 'Bad Request' });
      });
    },
    close: streams.close,
  };
}
