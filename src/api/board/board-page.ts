import type { Express } from 'express';

/** Below the board's mount path. */
export const STYLE_PATH = '/pingui.css';

/**
 * Hides buttons that the server refuses anyway (board-policy.ts): actions on all jobs, and of a job's actions all but
 * the first, which is the one that may be allowed (retry of a failed job), and of a queue's menu all but pause and
 * resume, the fourth from its end. The class names are those of Bull Board 9.10 without their hashes.
 */
export const BOARD_STYLE = `
[class*="queueActions-"] { display: none !important; }
[class*="jobActions-"] > li:not(:first-child) { display: none !important; }
:has(> [class*="danger-"][role="menuitem"]) > [role="menuitem"]:not(:nth-last-child(4)) { display: none !important; }
`;

type Engine = (path: string, options: object, done: (error: unknown, html?: string) => void) => void;

/** Adds our style to the board's page, and takes out its fonts, which would come from another host. */
export function dressBoardPage(app: Express): void {
  // Express keeps its engines here (application.js), but does not declare it.
  const { engines } = app as unknown as { engines: Record<string, Engine> };
  const render = engines['.ejs'];
  if (render === undefined) throw new Error('Bull Board renders its page in another way: see board-page.ts');
  app.engine('ejs', (path, options, done) => {
    render(path, options, (error, html) => done(error, html === undefined ? undefined : dress(html)));
  });
}

function dress(html: string): string {
  return html
    .replace(/\s*<link href="https:\/\/fonts\.googleapis\.com[^>]*>/, '')
    .replace('</head>', `<link href="${STYLE_PATH.slice(1)}" rel="stylesheet"></head>`);
}
