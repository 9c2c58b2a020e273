import express, { type Express, type RequestHandler } from 'express';
import { serverOptionsFor } from './express-prototypes.ts';
import { createHttpListener, type HttpListener } from './listener.ts';
import type { HttpLogger } from './logger.ts';
import { type ObserveRequest, observeRequests } from './observe-requests.ts';
import { createProblemHandler } from './problem-handlers.ts';
import { setPublicUrl, withoutPrefix } from './public-address.ts';
import { requestId } from './request-id.ts';
import { singleSlashes } from './single-slashes.ts';
import { warnOfProxy } from './undeclared-proxy.ts';
import type { Waits } from './waits.ts';

/** What answers at a path, and below it; without a path: at all of them. */
export interface Mount {
  readonly at?: string | readonly string[];
  readonly handlers: readonly RequestHandler[];
}

export interface HttpServer extends HttpListener {
  readonly app: Express;
}

/** A server of the mounts, in their order; it knows none of what they are. The last of them answers what is left over. */
export function createHttpServer(
  mounts: readonly Mount[],
  deps: {
    /** Number of proxies in front. */
    readonly trustProxy: number;
    /** PUBLIC_URL, without a trailing slash. */
    readonly publicUrl?: string | undefined;
    readonly logger: Pick<HttpLogger, 'error' | 'warn'>;
    /** Ended when the server closes. */
    readonly waits: Pick<Waits, 'end'>;
    readonly observeRequest?: ObserveRequest;
  },
): HttpServer {
  const app = express();
  app.disable('x-powered-by');
  // Answers are small and change: an ETag costs a hash of each and saves nothing.
  app.disable('etag');
  app.set('trust proxy', deps.trustProxy);
  setPublicUrl(app, deps.publicUrl);
  app.use(requestId, singleSlashes);
  if (deps.trustProxy === 0) app.use(warnOfProxy(deps.logger));
  const paths = mounts.flatMap(({ at }) => at ?? []);
  if (deps.observeRequest !== undefined) app.use(observeRequests(paths, deps.observeRequest));
  for (const { at, handlers } of mounts) {
    if (at === undefined) app.use(...handlers);
    else app.use(typeof at === 'string' ? at : [...at], ...handlers);
  }
  app.use(createProblemHandler(deps.logger));
  return {
    app,
    ...createHttpListener(withoutPrefix(deps.publicUrl, app), deps.waits, serverOptionsFor(app)),
  };
}
