import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
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

export interface SecurityHeaders {
  readonly data: RequestHandler;
  readonly page: RequestHandler;
}

/**
 * Helmet's headers do not depend on the request, so helmet runs once per kind of answer and its result is kept: on the
 * alert route helmet itself costs about 7 % of the throughput.
 */
export function createSecurityHeaders(): SecurityHeaders {
  return {
    data: replay({ ...record(DATA), 'cache-control': 'no-store' }),
    page: replay({ ...record(PAGE), 'cache-control': 'no-store' }),
  };
}

function record(options: HelmetOptions): Record<string, string> {
  const req = new IncomingMessage(new Socket());
  const res = new ServerResponse(req);
  helmet(options)(req, res, () => undefined);
  return Object.fromEntries(Object.entries(res.getHeaders()).map(([name, value]) => [name, String(value)]));
}

function replay(headers: Record<string, string>): RequestHandler {
  const entries = Object.entries(headers);
  return (_req, res, next) => {
    for (const [name, value] of entries) res.setHeader(name, value);
    next();
  };
}
