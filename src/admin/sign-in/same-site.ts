import type { Request, RequestHandler } from 'express';
import { AppError } from '../../domain/errors.ts';
import { isOwnOrigin } from '../../http/public-address.ts';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what another site makes a browser send (`cross_site`). Browsers add the credentials on their own, even to
 * plain-text and form posts from anywhere; scripts send neither header and pass.
 */
export const refuseCrossSite: RequestHandler = (req, _res, next) => {
  if (SAFE.has(req.method) || isOwnSite(req)) {
    next();
    return;
  }
  next(
    new AppError(
      'cross_site',
      'This request came from another site. Use the pages of this service; if these are its pages, PUBLIC_URL has to name their address.',
    ),
  );
};

function isOwnSite(req: Request): boolean {
  const site = req.headers['sec-fetch-site'];
  // No page can set this header, and it is right behind proxies that change Host.
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin } = req.headers;
  return origin === undefined || isOwnOrigin(req, origin);
}
