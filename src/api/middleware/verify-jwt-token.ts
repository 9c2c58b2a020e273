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
import { createVerifiedTokens, type VerifiedToken } from '../verified-tokens.ts';

/** RFC 6750, section 2.1. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

const REALM = 'Bearer realm="pingui-alert"';
/** RFC 6750, section 3.1. */
export const INVALID_TOKEN = `${REALM}, error="invalid_token"`;

/** Takes a request whose token is verified. */
type Admit = (req: Request, token: VerifiedToken) => Promise<void> | void;

/**
 * Proves who calls: verifies the Bearer token (signature, issuer, audience, expiry, form of the claims). A refusal ends
 * in `unauthorized` with a challenge. Two middlewares come of it, which share what they know of tokens.
 */
export function createTokenChecks(deps: {
  tokens: Pick<Tokens, 'key'>;
  /** Says whether a verified token is still the newest one of its integration. */
  authenticate: IntegrationService['authenticate'];
  clock: Clock;
}): {
  /** Asks the integrations too whether the token is still the newest one. Sets `req.user`. */
  readonly verifyJwtToken: RequestHandler;
  /** For sending alone: sets `req.user` without an integration, since the accept itself asks (AlertService.accept). */
  readonly verifySignature: RequestHandler;
} {
  const { clock } = deps;
  const verified = createVerifiedTokens();
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
    (req: Request, payload: unknown, done: (error: unknown, token?: VerifiedToken) => void) => {
      const claims = readClaims(payload);
      if (claims === undefined || claims.exp * 1000 <= clock.now()) done(refused(claims !== undefined));
      else done(null, { claims, tokenHash: hashToken(bearerToken(req) ?? '') });
    },
  );
  // An instance of its own: the package's export is a singleton. By name, since passport copies a named strategy per
  // request, while one handed over directly is shared by requests that overlap.
  const authenticator = new passport.Passport();
  authenticator.use('jwt', strategy);

  function verify(admit: Admit): RequestHandler {
    return (req, res, next) => {
      const challenge = (error: unknown): void => {
        res.setHeader('WWW-Authenticate', bearerToken(req) === null ? REALM : INVALID_TOKEN);
        next(error);
      };
      const proceed = (token: VerifiedToken): void => {
        const admitted = admit(req, token);
        if (admitted === undefined) next();
        else admitted.then(() => next(), challenge);
      };
      const shown = bearerToken(req);
      const known = shown === null ? undefined : verified.find(hashToken(shown), clock.now());
      if (known !== undefined) return proceed(known);
      const answer = (error: unknown, token?: VerifiedToken | false | null, info?: unknown): void => {
        if (token) {
          verified.remember(token);
          proceed(token);
        } else {
          challenge(error ?? (shown === null ? missing(req) : refused(isExpiry(info))));
        }
      };
      authenticator.authenticate('jwt', { session: false }, answer)(req, res, next);
    };
  }

  return {
    verifyJwtToken: verify(async (req, { claims, tokenHash }) => {
      const isSetup = claims.scope === SETUP_SCOPE;
      const integration = isSetup ? undefined : await deps.authenticate(claims, tokenHash);
      req.user = { claims, tokenHash, integration };
    }),
    verifySignature: verify((req, { claims, tokenHash }) => {
      req.user = { claims, tokenHash, integration: undefined };
    }),
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
