import type { Request, RequestHandler } from 'express';
import passport from 'passport';
import { Strategy } from 'passport-jwt';
import { AppError } from '../../domain/errors.ts';
import { SETUP_SCOPE } from '../../domain/scopes.ts';
import type { IntegrationService } from '../../services/integrations.ts';
import type { Clock } from '../../services/ports.ts';
import {
  hashToken,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  type TokenClaims,
  type Tokens,
} from '../../services/tokens.ts';
import type { Authenticated } from '../request-context.ts';

/** RFC 6750, section 2.1. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

const REALM = 'Bearer realm="pingui-alert"';

/**
 * Proves who calls: verifies the Bearer token (signature, issuer, audience, expiry, form of the claims), then asks the
 * integrations whether it is still the newest one. Sets `req.user`, or ends in `unauthorized` with a challenge.
 */
export function createVerifyJwtToken(deps: {
  tokens: Pick<Tokens, 'key'>;
  /** Says whether a verified token is still the newest one of its integration. */
  authenticate: IntegrationService['authenticate'];
  clock: Clock;
}): RequestHandler {
  const strategy = new Strategy(
    {
      jwtFromRequest: bearerToken,
      // passport-jwt hands it on to jsonwebtoken, which takes a KeyObject and is 50 times faster with one; only the
      // type declaration does not know it.
      secretOrKey: deps.tokens.key as unknown as Buffer,
      algorithms: [TOKEN_ALGORITHM],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      passReqToCallback: true,
    },
    (req: Request, payload: unknown, done: (error: unknown, user?: Authenticated | false) => void) => {
      identify(req, payload).then(
        (user) => done(null, user),
        (error: unknown) => done(error),
      );
    },
  );
  // An instance of its own: the package's export is a singleton. By name, since passport copies a named strategy per
  // request, while one handed over directly is shared by requests that overlap.
  const authenticator = new passport.Passport();
  authenticator.use('jwt', strategy);

  async function identify(req: Request, payload: unknown): Promise<Authenticated> {
    const claims = readClaims(payload);
    if (claims === undefined || claims.exp * 1000 <= deps.clock.now()) throw refused(claims !== undefined);
    const tokenHash = hashToken(bearerToken(req) ?? '');
    const isSetup = claims.scope === SETUP_SCOPE;
    const integration = isSetup ? undefined : await deps.authenticate(claims, tokenHash);
    return { claims, tokenHash, integration };
  }

  return (req, res, next) => {
    const answer = (error: unknown, user?: Authenticated | false | null, info?: unknown): void => {
      if (user) {
        req.user = user;
        next();
        return;
      }
      const hasToken = bearerToken(req) !== null;
      res.setHeader('WWW-Authenticate', hasToken ? `${REALM}, error="invalid_token"` : REALM);
      next(error ?? (hasToken ? refused(isExpiry(info)) : missing(req)));
    };
    authenticator.authenticate('jwt', { session: false }, answer)(req, res, next);
  };
}

function bearerToken(req: Request): string | null {
  return BEARER.exec(req.headers.authorization ?? '')?.[1] ?? null;
}

/** jsonwebtoken proves the signature, not that the claims that we rely on are there. */
function readClaims(payload: unknown): TokenClaims | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { sub, jti, scope, exp } = payload as Record<string, unknown>;
  const valid =
    typeof sub === 'string' &&
    /^[1-9]\d{0,14}$/.test(sub) &&
    typeof jti === 'string' &&
    jti !== '' &&
    typeof scope === 'string' &&
    typeof exp === 'number';
  return valid ? { sub, jti, scope, exp } : undefined;
}

function isExpiry(info: unknown): boolean {
  return info instanceof Error && info.name === 'TokenExpiredError';
}

function refused(expired: boolean): AppError {
  return new AppError(
    'unauthorized',
    expired
      ? 'This token has expired. Get a new one from the bot with /token.'
      : 'This is not a token of this service. Get one from the bot with /token.',
  );
}

function missing(req: Request): AppError {
  return new AppError(
    'unauthorized',
    req.headers.authorization === undefined
      ? 'The token is missing. Send it as "Authorization: Bearer <token>".'
      : 'The Authorization header holds no token. Its form is "Authorization: Bearer <token>".',
  );
}
