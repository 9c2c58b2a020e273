import type { Request } from 'express';

/** RFC 6750, section 2.1. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

/** The token that a request shows, good or bad; null if it shows none. */
export function bearerToken(req: Request): string | null {
  return BEARER.exec(req.headers.authorization ?? '')?.[1] ?? null;
}

/** The challenge of a 401 (RFC 6750, section 3.1): a token that was shown was no good. */
export function bearerChallenge(req: Request): string {
  const realm = 'Bearer realm="pingui-alert"';
  return bearerToken(req) === null ? realm : `${realm}, error="invalid_token"`;
}
