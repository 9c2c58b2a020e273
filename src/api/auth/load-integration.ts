import type { Request, RequestHandler } from 'express';
import { notASetupToken } from '../../services/alerts/refusals.ts';
import type { IntegrationService } from '../../services/integrations/integrations.ts';
import { authenticatedOf, isSetupToken } from './request-context.ts';

/**
 * Sets `req.integration` if the verified token is still its integration's newest one, else refuses it (`unauthorized`).
 * A setup token stands for none yet.
 */
export function createLoadIntegration(authenticate: IntegrationService['authenticate']): RequestHandler {
  return async function loadIntegration(req, _res, next) {
    const integration = await prove(req, authenticate);
    if (!isSetupToken(authenticatedOf(req).claims)) req.integration = integration;
    next();
  };
}

/** Lets only setup tokens pass. Whether one is still good is what the exchange itself decides. */
export function createRequireSetupToken(authenticate: IntegrationService['authenticate']): RequestHandler {
  return async function requireSetupToken(req, _res, next) {
    if (isSetupToken(authenticatedOf(req).claims)) return next();
    await prove(req, authenticate);
    next(notASetupToken());
  };
}

function prove(req: Request, authenticate: IntegrationService['authenticate']) {
  const { claims, tokenHash } = authenticatedOf(req);
  return authenticate(claims, tokenHash);
}
