import type { RequestHandler } from 'express';
import { AppError } from '../../domain/errors.ts';
import { hasScope, type Scope } from '../../domain/scopes.ts';
import { setupTokenOnly } from '../../services/alerts/refusals.ts';
import { authenticatedOf, isSetupToken } from './request-context.ts';

/** Lets only tokens with the scope pass; others end in `scope_missing`. After verifyJwtToken. */
export function requireScope(scope: Scope): RequestHandler {
  return (req, res, next) => {
    const { claims } = authenticatedOf(req);
    if (hasScope(claims.scope, scope)) {
      next();
      return;
    }
    // RFC 6750, section 3.1.
    res.setHeader(
      'WWW-Authenticate',
      `Bearer realm="pingui-alert", error="insufficient_scope", scope="${scope}"`,
    );
    next(isSetupToken(claims) ? setupTokenOnly() : lacks(scope));
  };
}

function lacks(scope: Scope): AppError {
  return new AppError(
    'scope_missing',
    `This call needs a token with the scope ${scope}, which this one was made without.`,
  );
}
