import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express, { type Express, type RequestHandler, type Response, Router } from 'express';
import { publicPrefix } from '../../http/public-address.ts';
import { BOARD_STYLE } from './board-style.ts';
import { createBoardWords, WORDS_PATH } from './board-words.ts';

/** Below the board's mount path, and relative to it, as the page's own links are. */
const STYLE_PATH = 'pingui.css';
export const ICON_PATH = 'pingui.svg';
/** A file of the board's with a hash of its contents in its name. */
const HASHED = /\.[0-9a-f]{8,}\.(?:js|css)$/;

/** `basePath`, `_locals`: what the board, and Express, hand to the page. */
interface PageOptions {
  readonly basePath: string;
  readonly _locals: Pick<Response['locals'], string>;
}

type Done = (error: unknown, html?: string) => void;
type Engine = (path: string, options: PageOptions, done: Done) => void;

/**
 * What makes Bull Board's page ours: our style and penguin, a warning in its texts, and none of its fonts, which would
 * come from another host. To be mounted before `app`, the board's own.
 */
export function createBoardPage(app: Express): Router {
  // Express keeps its engines here (application.js), but does not declare it.
  const { engines } = app as unknown as { engines: Record<string, Engine> };
  const render = engines['.ejs'];
  if (render === undefined) throw new Error('Bull Board renders its page in another way: see board-page.ts');
  const dressed: Engine = (path, options, done) => {
    const basePath = `${options._locals.publicPrefix}${options.basePath}`;
    render(path, { ...options, basePath }, (error, html) =>
      done(error, html === undefined ? undefined : dress(html)),
    );
  };
  // Express declares the options as any object.
  app.engine('ejs', dressed as Parameters<Express['engine']>[1]);

  const icon = readFileSync(new URL('../../sandbox/page/icon.svg', import.meta.url));
  const router = Router();
  router.use((req, res, next) => {
    res.locals.publicPrefix = publicPrefix(req);
    next();
  });
  router.get(`/${STYLE_PATH}`, (_req, res) => void res.type('css').send(BOARD_STYLE));
  router.get(`/${ICON_PATH}`, (_req, res) => void res.type('svg').send(icon));
  const ui = dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json'));
  const files = join(ui, 'dist/static');
  router.get(WORDS_PATH, createBoardWords(files));
  router.use('/static', createStatics(files));
  return router;
}

/** The board's files; those that never change are kept by the browser, and by nothing between it and the sign-in. */
function createStatics(files: string): RequestHandler {
  return express.static(files, {
    index: false,
    redirect: false,
    setHeaders(res, path) {
      if (HASHED.test(path)) res.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
    },
  });
}

function dress(html: string): string {
  return html
    .replace(/\s*<link href="https:\/\/fonts\.googleapis\.com[^>]*>/, '')
    .replace('</head>', `<link href="${STYLE_PATH}" rel="stylesheet"></head>`);
}
