import type { Request, RequestHandler } from 'express';
import jwt from 'jsonwebtoken';
import passport from 'passport';
import { Strategy, type VerifiedCallback } from 'passport-jwt';
import {
  hashToken,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  type TokenClaims,
  type Tokens,
} from '../../crypto/tokens.ts';
import { isKeyForm } from '../../domain/capability-key.ts';
import { AppError } from '../../domain/errors.ts';
import { tokenOf } from '../../http/credentials.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { isSetupToken } from './request-context.ts';

/**
 * Passport with passport-jwt: proves the token of a request (Bearer or Basic; signature, issuer, audience, expiry, form of the
 * claims) and sets `req.user`, or refuses it (`unauthorized`). Whether the token is still its integration's newest one
 * is not asked here: loadIntegration does, or the accept of an alert.
 */
export function createVerifyJwtToken(deps: { tokens: Pick<Tokens, 'key'>; clock: Clock }): RequestHandler {
  const strategy = new Strategy(
    {
      jwtFromRequest: tokenOf,
      // passport-jwt hands it on to jsonwebtoken, which takes a KeyObject and is 50 times faster with one; only the
      // type declaration does not know it.
      secretOrKey: deps.tokens.key as unknown as Buffer,
      algorithms: [TOKEN_ALGORITHM],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      passReqToCallback: true,
    },
    (req: Request, payload: unknown, done: VerifiedCallback) => {
      const claims = readClaims(payload);
      if (claims === undefined) return done(null, false);
      // jsonwebtoken went by the machine's clock.
      const expiresAt = claims.exp * 1000;
      if (expiresAt <= deps.clock.now())
        return done(null, false, new jwt.TokenExpiredError('jwt expired', new Date(expiresAt)));
      done(null, { claims, tokenHash: hashToken(tokenOf(req) ?? '') });
    },
  );
  // An instance of its own: the package's export is a singleton. By name, because Passport copies a named strategy per
  // request, while one handed over directly is shared by requests that overlap.
  const authenticator = new passport.Passport();
  authenticator.use('jwt', strategy);

  return function verifyJwtToken(req, res, next) {
    authenticator.authenticate(
      'jwt',
      { session: false },
      (error: unknown, user?: Express.User | false | null, info?: unknown) => {
        if (!user) return next(error ?? refusal(req, info));
        req.user = user;
        next();
      },
    )(req, res, next);
  };
}

/** jsonwebtoken proves the signature, not that the claims that we rely on are there. */
function readClaims(payload: unknown): TokenClaims | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { sub, jti, scope, exp, locale } = payload as Record<string, unknown>;
  const valid =
    typeof sub === 'string' &&
    /^[1-9]\d{0,14}$/.test(sub) &&
    typeof jti === 'string' &&
    jti !== '' &&
    typeof scope === 'string' &&
    typeof exp === 'number';
  if (!valid) return undefined;
  return { sub, jti, scope, exp, ...(typeof locale === 'string' ? { locale } : {}) };
}

/** `info`: why passport-jwt refused. */
function refusal(req: Request, info: unknown): AppError {
  const token = tokenOf(req);
  if (token !== null && isKeyForm(token)) return onlySends();
  if (token !== null) return new AppError('unauthorized', whyRefused(token, info));
  return new AppError(
    'unauthorized',
    req.headers.authorization === undefined
      ? 'The token is missing. Send it as "Authorization: Bearer <token>".'
      : 'The Authorization header contains no token. Send it as "Authorization: Bearer <token>".',
  );
}

/** Any key, good or bad: it is not even looked up. */
function onlySends(): AppError {
  return new AppError(
    'scope_missing',
    'This is the key of a tool: it can only send, to the address below /api/in that POST /api/keys gave for it.',
  );
}

function whyRefused(token: string, info: unknown): string {
  if (!(info instanceof jwt.TokenExpiredError))
    return 'This token was not issued by this service. Get one from the bot with /token.';
  // The expiry is looked at after the signature: the claims are ours.
  const claims = readClaims(jwt.decode(token));
  return claims !== undefined && isSetupToken(claims)
    ? 'This is a setup token, and it has expired: it has to be exchanged within minutes. Get a new one from the bot with /token.'
    : 'This token has expired. Get a new one from the bot with /token.';
}
