import { type RequestHandler, Router } from 'express';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { publicPrefix } from '../../http/public-address.ts';
import { createAssets } from './assets.ts';
import { createOverview, type OverviewSources } from './overview.ts';
import { renderOverview } from './overview-page.ts';

/** The overview at `/`, what it asks for, and the assets of the area; to be mounted at /admin behind the guard. */
export function createOverviewRoutes(sources: OverviewSources): RequestHandler {
  const overview = createOverview(sources);
  const router = Router();
  router
    .route('/')
    .get((req, res) => {
      const { isSandbox } = sources;
      res.type('html').send(renderOverview({ prefix: publicPrefix(req), isSandbox }));
    })
    .all(methodNotAllowed('GET'));
  router
    .route('/overview.json')
    .get(async (_req, res) => void res.json(await overview()))
    .all(methodNotAllowed('GET'));
  router.use('/assets', createAssets());
  return router;
}
