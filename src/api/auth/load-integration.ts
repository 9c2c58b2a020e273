import type { RequestHandler } from 'express';
import { SETUP_SCOPE } from '../../domain/scopes.ts';
import type { IntegrationService } from '../../services/integrations/integrations.ts';
import { authenticatedOf } from './request-context.ts';

/**
 * Sets `req.integration` if the verified token is still its integration's newest one, else refuses it (`unauthorized`).
 * A setup token stands for none yet: the exchange itself decides whether it is still good.
 */
export function createLoadIntegration(authenticate: IntegrationService['authenticate']): RequestHandler {
  return async function loadIntegration(req, _res, next) {
    const { claims, tokenHash } = authenticatedOf(req);
    if (claims.scope !== SETUP_SCOPE) req.integration = await authenticate(claims, tokenHash);
    next();
  };
}
