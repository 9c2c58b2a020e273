import type { RequestHandler } from 'express';
import type { HttpLogger } from './logger.ts';

/**
 * Warns once, where TRUST_PROXY is 0, that a request came through a proxy: all its clients count as one address then. A
 * client can make such a header up, which costs one line.
 */
export function warnOfProxy(logger: Pick<HttpLogger, 'warn'>): RequestHandler {
  let warned = false;
  return (req, _res, next) => {
    if (!warned && req.headers['x-forwarded-for'] !== undefined) {
      warned = true;
      logger.warn(
        {},
        'A request has X-Forwarded-For, but TRUST_PROXY is 0: if a proxy stands in front, set TRUST_PROXY to the number of proxies, or all clients share one rate limit',
      );
    }
    next();
  };
}
