import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type RequestHandler, type Response, Router } from 'express';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { publicPrefix } from '../../http/public-address.ts';
import { renderDocs } from './docs-page.ts';

/** Of swagger-ui-dist, from our own origin: the content security policy lets nothing else in. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};
const SCRIPT = 'docs.js';

/** `/openapi.json`, and `/docs`, where people read it. The headers: of data, of a page. */
export function createDocsRoutes(deps: {
  readonly version: string;
  readonly headers: { readonly data: RequestHandler; readonly page: RequestHandler };
  /** Counts the requests of an address. */
  readonly limit: RequestHandler;
}): Router {
  const { headers } = deps;
  const router = Router();
  let made: Promise<object> | undefined;
  /** Only who asks for it needs the library that makes it. */
  const make = async () => (await import('./document.ts')).createApiDocument(deps.version);
  router
    .route('/openapi.json')
    .get(headers.data, deps.limit, async (req, res) => {
      made ??= make();
      const servers = [{ url: publicPrefix(req) || '/', description: 'This service.' }];
      res.json({ ...(await made), servers });
    })
    .all(headers.data, methodNotAllowed('GET'));
  router
    .route('/docs')
    .get(headers.page, deps.limit, (req, res) => void res.type('html').send(renderDocs(publicPrefix(req))))
    .all(headers.data, methodNotAllowed('GET'));
  const { resolve } = createRequire(import.meta.url);
  for (const [name, type] of Object.entries(ASSETS))
    addAsset(router, headers, name, type, () => resolve(`swagger-ui-dist/${name}`));
  addAsset(
    router,
    headers,
    SCRIPT,
    'text/javascript; charset=utf-8',
    () => new URL(`./page/${SCRIPT}`, import.meta.url),
  );
  return router;
}

function addAsset(
  router: Router,
  headers: { readonly data: RequestHandler; readonly page: RequestHandler },
  name: string,
  type: string,
  find: () => string | URL,
): void {
  let file: Buffer | undefined;
  const send = (res: Response): void => {
    file ??= readFileSync(find());
    res.setHeader('Cache-Control', 'public, max-age=3600');
    res.setHeader('Content-Type', type);
    res.end(file);
  };
  router
    .route(`/docs/${name}`)
    .get(headers.page, (_req, res) => send(res))
    .all(headers.data, methodNotAllowed('GET'));
}
