import { Router } from 'express';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';

export interface MetricsSource {
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** To be mounted at /metrics behind the operator guard. */
export function createMetricsRoute(metrics: MetricsSource): Router {
  const router = Router();
  router
    .route('/')
    .get(async (_req, res) => {
      const { contentType, body } = await metrics.render();
      res.setHeader('Content-Type', contentType);
      res.end(body);
    })
    .all(methodNotAllowed('GET'));
  return router;
}
