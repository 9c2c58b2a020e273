import { type Request, type RequestHandler, Router } from 'express';
import { AppError } from '../../domain/errors.ts';
import { createJsonBody } from '../../http/json-body.ts';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { publicPrefix } from '../../http/public-address.ts';
import { pathFor } from '../../ingest/adapters.ts';
import type { KeyService } from '../../services/keys/keys.ts';
import type { SetUpSignal } from '../../services/ports/set-ups.ts';
import { integrationOf } from '../auth/request-context.ts';
import { requireScope } from '../auth/require-scope.ts';
import { presentKey } from '../presenters.ts';
import { MakeKeySchema } from './key-schemas.ts';

/** Of the ids that we give; others need no look-up. PostgreSQL's integers end at 2^31 - 1. */
const ID_FORM = /^[1-9]\d{0,9}$/;
const MOST_ID = 2 ** 31 - 1;

/** `/keys`, `/keys/:id`, to be mounted below /api. */
export function createKeyRoutes(deps: {
  keys: KeyService;
  verifyJwtToken: RequestHandler;
  loadIntegration: RequestHandler;
  readJson: RequestHandler;
  setUps: Pick<SetUpSignal, 'publish'>;
  /** PUBLIC_URL, without a trailing slash. */
  publicUrl?: string | undefined;
}): Router {
  const { keys } = deps;
  const body = createJsonBody(() => MakeKeySchema, { optional: false });
  const manage = [deps.verifyJwtToken, deps.loadIntegration, requireScope('key:manage')];
  const router = Router();

  router
    .route('/keys')
    .get(...manage, async (req, res) => {
      res.json({ keys: (await keys.list(integrationOf(req))).map(presentKey) });
    })
    .post(...manage, deps.readJson, body.validate, async (req, res) => {
      const integration = integrationOf(req);
      const { input, warnings } = body.of(req);
      const made = await keys.make(integration, input);
      await deps.setUps.publish({ integrationId: integration.id, locale: undefined, keyId: made.id });
      res.setHeader('Location', `${publicPrefix(req)}/api/keys/${made.id}`);
      res.status(201).json({
        ...presentKey(made),
        key: made.key,
        // Never built from Host: who can forge that would get the key sent to his server.
        url: `${deps.publicUrl ?? ''}${pathFor(input.adapter, made.key)}`,
        ...(warnings.length === 0 ? {} : { warnings }),
      });
    })
    .all(methodNotAllowed('GET', 'POST'));

  router
    .route('/keys/:id')
    .delete(...manage, async (req: Request<{ id: string }>, res) => {
      await keys.revoke(integrationOf(req), readId(req.params.id));
      res.status(204).end();
    })
    .all(methodNotAllowed('DELETE'));

  return router;
}

/** @throws AppError not_found */
function readId(text: string): number {
  const id = ID_FORM.test(text) ? Number(text) : Number.NaN;
  if (id <= MOST_ID) return id;
  throw new AppError('not_found', 'This integration has no key with this id.');
}
