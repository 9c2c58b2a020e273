import type { RequestHandler } from 'express';
import helmet, { type HelmetOptions } from 'helmet';

const SHARED = {
  // Browsers ignore it over plain HTTP; other services on sub-domains are not ours to decide about.
  strictTransportSecurity: { maxAge: 15_552_000, includeSubDomains: false },
  xFrameOptions: { action: 'deny' },
} satisfies HelmetOptions;

/** For JSON: nothing in an answer may ever run or be framed. */
const DATA: HelmetOptions = {
  ...SHARED,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
  },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

/** For pages. Bull Board sets styles from scripts; `upgrade-insecure-requests` would break it on plain-HTTP hosts. */
const PAGE: HelmetOptions = {
  ...SHARED,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'self'"],
      'style-src': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'object-src': ["'none'"],
      'base-uri': ["'self'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
    },
  },
};

/** For pages that run no script and have no style inside their HTML. */
const STRICT_PAGE: HelmetOptions = {
  ...SHARED,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'img-src': ["'self'"],
      'connect-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
    },
  },
};

export interface SecurityHeaders {
  readonly data: RequestHandler;
  readonly page: RequestHandler;
  readonly strictPage: RequestHandler;
}

/** Helmet's headers, and that nothing is kept: answers are small and change. */
export function createSecurityHeaders(): SecurityHeaders {
  return { data: withHelmet(DATA), page: withHelmet(PAGE), strictPage: withHelmet(STRICT_PAGE) };
}

function withHelmet(options: HelmetOptions): RequestHandler {
  const setHeaders = helmet(options);
  return (req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    setHeaders(req, res, next);
  };
}
