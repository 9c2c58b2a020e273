import { type RequestHandler, Router } from 'express';
import { createJsonBody } from '../../http/json-body.ts';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { publicPrefix } from '../../http/public-address.ts';
import type { IntegrationService } from '../../services/integrations/integrations.ts';
import type { KeyService } from '../../services/keys/keys.ts';
import type { SetUpSignal } from '../../services/ports/set-ups.ts';
import { authenticatedOf, integrationOf } from '../auth/request-context.ts';
import { requireOwnChat } from '../auth/require-own-chat.ts';
import { requireScope } from '../auth/require-scope.ts';
import { nextStep, presentIntegration, presentKey } from '../presenters.ts';
import type { QuotaHeaders } from '../quota-headers.ts';
import {
  CreateIntegrationSchema,
  RevokeIntegrationSchema,
  RotateTokenSchema,
} from './integration-schemas.ts';

/** The calls about the token's own integration, to be mounted below /api. */
export function createIntegrationRoutes(deps: {
  integrations: Pick<IntegrationService, 'create' | 'revoke' | 'rotate'>;
  keys: Pick<KeyService, 'list'>;
  quota: Pick<QuotaHeaders, 'resetsAt'>;
  verifyJwtToken: RequestHandler;
  loadIntegration: RequestHandler;
  requireSetupToken: RequestHandler;
  readJson: RequestHandler;
  setUps: Pick<SetUpSignal, 'publish'>;
  serviceUrl: () => string;
}): Router {
  const { integrations, quota, verifyJwtToken, loadIntegration, readJson } = deps;
  const createBody = createJsonBody(() => CreateIntegrationSchema, { optional: true });
  const rotateBody = createJsonBody(() => RotateTokenSchema, { optional: true });
  const revokeBody = createJsonBody(() => RevokeIntegrationSchema, { optional: true });
  const router = Router();

  router
    .route('/createIntegration')
    .post(verifyJwtToken, deps.requireSetupToken, readJson, createBody.validate, async (req, res) => {
      const { claims, tokenHash } = authenticatedOf(req);
      const { input, warnings } = createBody.of(req);
      const { integration, token } = await integrations.create(claims, tokenHash, input);
      await deps.setUps.publish({ integrationId: integration.id, locale: claims.locale });
      res.setHeader('Location', `${publicPrefix(req)}/api/integrations/${integration.chatId}`);
      res.status(201).json({
        integration: presentIntegration(integration, quota.resetsAt()),
        token,
        ...nextStep(integration, deps.serviceUrl(), token),
        ...(warnings.length === 0 ? {} : { warnings }),
      });
    })
    .all(methodNotAllowed('POST'));

  router
    .route('/integrations/:chatId')
    .get(verifyJwtToken, loadIntegration, requireScope('integration:read'), (req, res) => {
      const integration = integrationOf(req);
      requireOwnChat(integration, req.params.chatId);
      // One object under a plural name: existing clients read it so.
      res.json({ integrations: presentIntegration(integration, quota.resetsAt()) });
    })
    .all(methodNotAllowed('GET'));

  router
    .route('/revokeIntegration')
    .post(
      verifyJwtToken,
      loadIntegration,
      requireScope('integration:revoke'),
      readJson,
      revokeBody.validate,
      async (req, res) => {
        const integration = integrationOf(req);
        requireOwnChat(integration, revokeBody.of(req).input.chatId);
        const revoked = await integrations.revoke(integration);
        res.json({ integration: presentIntegration(revoked, quota.resetsAt()) });
      },
    )
    .all(methodNotAllowed('POST'));

  router
    .route('/rotateToken')
    .post(
      verifyJwtToken,
      loadIntegration,
      requireScope('integration:rotate'),
      readJson,
      rotateBody.validate,
      async (req, res) => {
        const { revokeKeys = false } = rotateBody.of(req).input;
        // Before: once there is a new token, nothing may keep its holder from reading it.
        const living = revokeKeys ? [] : await deps.keys.list(integrationOf(req));
        const { integration, token } = await integrations.rotate(integrationOf(req), revokeKeys);
        res.json({
          integration: presentIntegration(integration, quota.resetsAt()),
          token,
          keys: living.map(presentKey),
        });
      },
    )
    .all(methodNotAllowed('POST'));

  return router;
}
