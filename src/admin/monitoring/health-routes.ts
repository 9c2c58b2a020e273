import { Router } from 'express';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';

/** What the HTTP edge needs to know about health. Nothing in it may name a host or a secret. */
export interface HealthSource {
  /** The process answers. */
  live(): { readonly status: string };
  /** `down`: alerts cannot be accepted. `degraded`: they can, but are not delivered now. */
  ready(): Promise<{ readonly status: 'ok' | 'degraded' | 'down'; readonly checks: unknown }>;
}

export function createHealthRoutes(health: HealthSource): Router {
  const router = Router();
  router
    .route('/live')
    .get((_req, res) => {
      res.json(health.live());
    })
    .all(methodNotAllowed('GET'));
  router
    .route('/ready')
    .get(async (_req, res) => {
      const { status, checks } = await health.ready();
      res.status(status === 'down' ? 503 : 200).json({ status, checks });
    })
    .all(methodNotAllowed('GET'));
  return router;
}
