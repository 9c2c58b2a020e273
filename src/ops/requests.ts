import { Histogram, type Registry } from 'prom-client';
import type { AnsweredRequest } from '../domain/answered-request.ts';
import type { Logger } from './logger.ts';
import { createLabelBound } from './metrics/labels.ts';

/** Who is refused for these may be guessing or flooding: worth a look. */
const SUSPICIOUS: ReadonlySet<number> = new Set([401, 403, 429]);
/** Seconds. An accept answers within 1.5, a caller who waits for the end within 60. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 10, 60];

/** A line for each request: 5xx is an error, what may be a guess a warning, other refusals info, all else debug. */
export function createRequestLog(log: Logger): (request: AnsweredRequest) => void {
  return ({ method, route, status, tookMs, requestId }) => {
    const level =
      status >= 500 ? 'error' : SUSPICIOUS.has(status) ? 'warn' : status >= 400 ? 'info' : 'debug';
    log[level]({ method, route, status, tookMs: Math.round(tookMs), requestId }, 'Request answered');
  };
}

/** `pingui_http_request_duration_seconds`; routes are patterns, so that there are few. */
export function measureRequests(registry: Registry): (request: AnsweredRequest) => void {
  const duration = new Histogram({
    name: 'pingui_http_request_duration_seconds',
    help: 'How long requests took, from their head to the end of the answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [registry],
  });
  const bound = createRouteBound();
  type Series = ReturnType<typeof duration.labels>;
  /** By method, status and route: looking a series up by its labels costs more than counting. */
  const series = new Map<string, Series>();
  const seriesOf = ({ method, route, status }: AnsweredRequest): Series => {
    const key = `${method} ${status} ${route}`;
    const known = series.get(key) ?? duration.labels(method, bound(route), String(status));
    series.set(key, known);
    return known;
  };
  return (request) => seriesOf(request).observe(request.tookMs / 1000);
}

/** Patterns hold characters that codes do not. */
function createRouteBound(): (route: string) => string {
  const bound = createLabelBound();
  return (route) => (bound(route.replaceAll(/[^\w.:-]/g, '.')) === 'other' ? 'other' : route);
}
