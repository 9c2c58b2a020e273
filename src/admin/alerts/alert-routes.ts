import { type Request, type RequestHandler, type Response, Router } from 'express';
import { AppError } from '../../domain/errors.ts';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { PROBLEMS } from '../../http/problems.ts';
import { publicPrefix } from '../../http/public-address.ts';
import type { LookUp } from '../../services/alerts/look-up.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { renderNotFound, renderTimeline } from './timeline-page.ts';

const ID_FORM = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** What a person may have copied with it: a path, quotes, a place in a log line. */
const ID_WITHIN = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/i;

/** `/?id=…` (the search) and `/:id` (links), to be mounted at /admin/alerts behind the guard. */
export function createAlertPages(deps: { lookUp: LookUp; clock: Clock; isSandbox: boolean }): RequestHandler {
  async function show(req: Request, res: Response, id: string): Promise<void> {
    const page = { prefix: publicPrefix(req), isSandbox: deps.isSandbox };
    const fail = (status: number, fault: string) =>
      void res
        .status(status)
        .type('html')
        .send(renderNotFound(page, id, fault));
    if (!ID_FORM.test(id)) return fail(400, 'This is no id of an alert: the 202 and the log have it.');
    try {
      const alert = await deps.lookUp(id.toLowerCase());
      if (alert === undefined)
        return fail(404, 'No alert has this id: it was refused, or it ended more than 30 days ago.');
      res.type('html').send(renderTimeline(page, alert, deps.clock.now()));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      fail(PROBLEMS[error.code].status, error.detail);
    }
  }

  const router = Router();
  router
    .route('/')
    .get((req, res) => {
      const asked = typeof req.query.id === 'string' ? req.query.id.trim().slice(0, 200) : '';
      return show(req, res, ID_WITHIN.exec(asked)?.[0] ?? asked);
    })
    .all(methodNotAllowed('GET'));
  router
    .route('/:id')
    .get((req: Request<{ id: string }>, res) => show(req as Request, res, req.params.id))
    .all(methodNotAllowed('GET'));
  return router;
}
