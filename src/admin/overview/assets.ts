import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type RequestHandler, Router } from 'express';

const TYPES = { css: 'css', js: 'js', svg: 'svg' } as const;

/** Name → file, from here. */
const OWN = {
  'admin.css': './page/admin.css',
  'overview.css': './page/overview.css',
  'overview.js': './page/overview.js',
  'charts.js': './page/charts.js',
  'format.js': './page/format.js',
  'words.js': './page/words.js',
  'tables.js': './page/tables.js',
  'timeline.css': './page/timeline.css',
  'icon.svg': '../../sandbox/page/icon.svg',
};
const LIBRARY = { 'uplot.js': 'uplot/dist/uPlot.esm.js', 'uplot.css': 'uplot/dist/uPlot.min.css' };

/** What the pages load: read once, and nothing else can be asked for. */
export function createAssets(): RequestHandler {
  const require = createRequire(import.meta.url);
  const files = [
    ...Object.entries(OWN).map(
      ([name, path]) => [name, readFileSync(new URL(path, import.meta.url))] as const,
    ),
    ...Object.entries(LIBRARY).map(([name, path]) => [name, readFileSync(require.resolve(path))] as const),
  ];
  const router = Router();
  for (const [name, content] of files) {
    const ending = name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES;
    router.get(`/${name}`, (_req, res) => void res.type(TYPES[ending]).send(content));
  }
  return router;
}
