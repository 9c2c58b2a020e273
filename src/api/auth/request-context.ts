import type { Request } from 'express';
import type { TokenClaims } from '../../crypto/tokens.ts';
import { AppError } from '../../domain/errors.ts';
import type { Integration } from '../../domain/integration.ts';
import { SETUP_SCOPE } from '../../domain/scopes.ts';
import { setupTokenOnly } from '../../services/alerts/refusals.ts';

/** Who makes the request, once its token is verified. */
interface Authenticated {
  readonly claims: TokenClaims;
  /** Hex SHA-256 of the token. */
  readonly tokenHash: string;
}

declare global {
  namespace Express {
    interface Request {
      /** The token's own, after loadIntegration. */
      integration?: Integration;
    }
    /** Passport's `req.user`. */
    interface User extends Authenticated {}
  }
}

/** @throws AppError unauthorized before verifyJwtToken has run */
export function authenticatedOf(req: Request): Authenticated {
  if (req.user === undefined) throw new AppError('unauthorized', 'This call needs a token.');
  return req.user;
}

/** True if the token can do nothing but be exchanged. */
export function isSetupToken({ scope }: Pick<TokenClaims, 'scope'>): boolean {
  return scope === SETUP_SCOPE;
}

/** @throws AppError scope_missing for a setup token */
export function integrationOf(req: Request): Integration {
  if (req.integration === undefined) throw setupTokenOnly();
  return req.integration;
}
