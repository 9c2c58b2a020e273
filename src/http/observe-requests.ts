import type { Request, RequestHandler } from 'express';
import type { AnsweredRequest } from '../domain/answered-request.ts';

export type ObserveRequest = (request: AnsweredRequest) => void;

const HUNG_UP = 499;
/** Node's parser knows 35 methods; those that nothing here answers are one. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Tells of each request when its answer is out. @param paths where the mounts are */
export function observeRequests(paths: readonly string[], tell: ObserveRequest): RequestHandler {
  // The longest first: a mount may lie below another.
  const known = [...paths].sort((a, b) => b.length - a.length);
  return (req, res, next) => {
    const began = performance.now();
    // Routers change `req.url` while they hand the request on.
    const path = req.path;
    res.once('close', () => {
      tell({
        method: METHODS.has(req.method) ? req.method : 'other',
        route: routeOf(req, known.find((at) => path === at || path.startsWith(`${at}/`)) ?? ''),
        status: res.writableFinished ? res.statusCode : HUNG_UP,
        tookMs: performance.now() - began,
        requestId: req.requestId,
      });
    });
    next();
  };
}

/** `req.baseUrl` would not do: it is gone once an error has left the router. */
function routeOf(req: Request, mount: string): string {
  // Express types the route loosely; without one nothing has matched.
  const pattern: unknown = req.route?.path;
  if (typeof pattern !== 'string') return `${mount}/*`;
  return pattern === '/' && mount !== '' ? mount : `${mount}${pattern}`;
}
