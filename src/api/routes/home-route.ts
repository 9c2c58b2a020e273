import { Router } from 'express';
import { methodNotAllowed } from '../middleware/method-not-allowed.ts';
import { type HomeOptions, presentHome, renderHome } from '../pages/home.ts';

export function createHomeRoute(options: HomeOptions): Router {
  const page = renderHome(options);
  const summary = presentHome(options);
  const router = Router();
  router
    .route('/')
    .get((req, res) => {
      res.vary('Accept');
      if (req.accepts(['html', 'json']) === 'json') res.json(summary);
      else res.type('html').send(page);
    })
    .all(methodNotAllowed('GET'));
  return router;
}
