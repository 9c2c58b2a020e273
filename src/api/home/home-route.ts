import { Router } from 'express';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { publicPrefix } from '../../http/public-address.ts';
import { type HomeOptions, presentHome, renderHome } from './home-page.ts';

export function createHomeRoute(options: HomeOptions): Router {
  const summary = presentHome(options);
  const router = Router();
  router
    .route('/')
    .get((req, res) => {
      res.vary('Accept');
      if (req.accepts(['html', 'json']) === 'json') res.json(summary);
      else res.type('html').send(renderHome(options, publicPrefix(req)));
    })
    .all(methodNotAllowed('GET'));
  return router;
}
