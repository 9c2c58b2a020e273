import { readFileSync } from 'node:fs';
import { type Express, Router } from 'express';
import { BOARD_STYLE } from './board-style.ts';
import { createBoardWords, WORDS_PATH } from './board-words.ts';

/** Below the board's mount path, and relative to it, as the page's own links are. */
const STYLE_PATH = 'pingui.css';
export const ICON_PATH = 'pingui.svg';

type Engine = (path: string, options: object, done: (error: unknown, html?: string) => void) => void;

/**
 * What makes Bull Board's page ours: our style and penguin, a warning in its texts, and none of its fonts, which would
 * come from another host. To be mounted before `app`, the board's own.
 */
export function createBoardPage(app: Express): Router {
  // Express keeps its engines here (application.js), but does not declare it.
  const { engines } = app as unknown as { engines: Record<string, Engine> };
  const render = engines['.ejs'];
  if (render === undefined) throw new Error('Bull Board renders its page in another way: see board-page.ts');
  app.engine('ejs', (path, options, done) => {
    render(path, options, (error, html) => done(error, html === undefined ? undefined : dress(html)));
  });

  const icon = readFileSync(new URL('../../sandbox/page/icon.svg', import.meta.url));
  const router = Router();
  router.get(`/${STYLE_PATH}`, (_req, res) => void res.type('css').send(BOARD_STYLE));
  router.get(`/${ICON_PATH}`, (_req, res) => void res.type('svg').send(icon));
  router.get(WORDS_PATH, createBoardWords());
  return router;
}

function dress(html: string): string {
  return html
    .replace(/\s*<link href="https:\/\/fonts\.googleapis\.com[^>]*>/, '')
    .replace('</head>', `<link href="${STYLE_PATH}" rel="stylesheet"></head>`);
}
