import { readFileSync } from 'node:fs';
import { Router } from 'express';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { publicAddress, publicPrefix } from '../../http/public-address.ts';
import { HOME_SCRIPT, type HomeOptions, presentHome, renderHome } from './home-page.ts';

export function createHomeRoute(options: HomeOptions): Router {
  const summary = presentHome(options);
  const script = readFileSync(new URL(`./page/${HOME_SCRIPT}`, import.meta.url));
  const router = Router();
  router
    .route('/')
    .get((req, res) => {
      res.vary('Accept');
      if (req.accepts(['html', 'json']) === 'json') res.json(summary);
      else
        res
          .type('html')
          .send(renderHome(options, { address: publicAddress(req), prefix: publicPrefix(req) }));
    })
    .all(methodNotAllowed('GET'));
  router
    .route(`/${HOME_SCRIPT}`)
    .get((_req, res) => {
      res.type('js').send(script);
    })
    .all(methodNotAllowed('GET'));
  return router;
}
