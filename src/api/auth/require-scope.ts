import type { RequestHandler } from 'express';
import { AppError } from '../../domain/errors.ts';
import { hasScope, type Scope } from '../../domain/scopes.ts';
import { authenticatedOf } from './request-context.ts';

/** Lets only tokens with the scope pass; others end in `scope_missing`. After verifyJwtToken. */
export function requireScope(scope: Scope): RequestHandler {
  return (req, res, next) => {
    if (hasScope(authenticatedOf(req).claims.scope, scope)) {
      next();
      return;
    }
    // RFC 6750, section 3.1.
    res.setHeader(
      'WWW-Authenticate',
      `Bearer realm="pingui-alert", error="insufficient_scope", scope="${scope}"`,
    );
    next(new AppError('scope_missing', `This call needs a token with the scope ${scope}.`));
  };
}
