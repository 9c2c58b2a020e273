import type { Request } from 'express';
import { isKeyForm } from '../domain/capability-key.ts';

/** What a request shows instead of an Authorization header. */
export interface Credential {
  readonly token: string | null;
  /** It was in the address, where logs and histories keep it. */
  readonly isInAddress: boolean;
}

declare global {
  namespace Express {
    interface Request {
      /** Set where a credential may be elsewhere than in the header. */
      credential?: Credential;
    }
  }
}

/** RFC 6750, section 2.1. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;
/** RFC 7617. */
const BASIC = /^basic +([A-Za-z0-9+/=_-]+) *$/i;
/** Of a JWT. */
const TOKEN_FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** User name and password of a Basic header; undefined for every other. */
export function readBasic(
  authorization: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  const encoded = BASIC.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 ? undefined : { user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

/** The token in an Authorization value: Bearer, or Basic with it as password or user name. Good or bad; null: there is none. */
export function tokenIn(authorization: string | undefined): string | null {
  const bearer = BEARER.exec(authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const basic = readBasic(authorization);
  if (basic === undefined) return null;
  const { user, password } = basic;
  const known = [password, user].find((one) => TOKEN_FORM.test(one) || isKeyForm(one));
  // A name alone, as in `-u x:$UNSET`, is none.
  return known ?? (password || null);
}

/** The token in `?auth=`: as it is, or in the base64 of an Authorization value (ntfy's way). */
export function tokenInQuery(auth: unknown): string | null {
  if (typeof auth !== 'string' || auth === '') return null;
  if (TOKEN_FORM.test(auth) || isKeyForm(auth)) return auth;
  return tokenIn(Buffer.from(auth, 'base64').toString('utf8')) ?? auth;
}

/** The token that a request shows, good or bad; null if it shows none. */
export function tokenOf(req: Request): string | null {
  return req.credential === undefined ? tokenIn(req.headers.authorization) : req.credential.token;
}

/** The challenge of a 401 (RFC 6750, section 3.1): a token that was shown was no good. */
export function bearerChallenge(req: Request): string {
  const realm = 'Bearer realm="pingui-alert"';
  return tokenOf(req) === null ? realm : `${realm}, error="invalid_token"`;
}
