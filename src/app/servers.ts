import type { RequestHandler } from 'express';
import type { Redis } from 'ioredis';
import { type AdminDeps, type AreaSources, operatorMounts } from '../admin/admin.ts';
import { createHealthRoutes, type HealthSource } from '../admin/monitoring/health-routes.ts';
import { type ApiDeps, createApi } from '../api/api.ts';
import { createHomeRoute } from '../api/home/home-route.ts';
import { createDocsRoutes } from '../api/openapi/docs-routes.ts';
import { AppError } from '../domain/errors.ts';
import type { HttpLogger } from '../http/logger.ts';
import type { ObserveRequest } from '../http/observe-requests.ts';
import { unknownRoute } from '../http/problem-handlers.ts';
import type { ReportRefusal } from '../http/refusals.ts';
import { createRequestRateLimit } from '../http/request-rate.ts';
import { createSecurityHeaders, type SecurityHeaders } from '../http/security-headers.ts';
import { createHttpServer, type HttpServer, type Mount } from '../http/server.ts';
import { createWaits } from '../http/waits.ts';

/** What each process with an HTTP server serves. */
export interface OpsServerDeps extends AdminDeps {
  readonly health: HealthSource;
  readonly logger: HttpLogger;
  /** Hears of each request that was answered. */
  readonly observeRequest?: ObserveRequest;
  /** Takes Telegram's updates in, in webhook mode; passes on all other paths. */
  readonly webhook?: RequestHandler;
  /** Number of proxies in front. */
  readonly trustProxy: number;
  /** PUBLIC_URL. */
  readonly publicUrl?: string | undefined;
}

export interface ApiServerDeps extends OpsServerDeps, ApiDeps, Omit<AreaSources, 'isSandbox' | 'alerts'> {
  /** For counting requests only; should fail fast, but need not. */
  readonly redis: Pick<Redis, 'call'>;
  /** Requests per client address and minute; 0: no limit. */
  readonly rateLimitPerMinute: number;
  /** QUEUE_PREFIX, before the keys of the counters. */
  readonly queuePrefix: string;
  /** Answers below /sandbox, in sandbox mode. */
  readonly sandbox?: RequestHandler;
  readonly alerts: ApiDeps['alerts'];
  /** Of this service, for its API's document. */
  readonly version: string;
}

/** Senders, operators, and whoever opens the address in a browser. */
export function createApiServer(deps: ApiServerDeps): HttpServer {
  const { sandbox } = deps;
  const headers = createSecurityHeaders();
  const waits = createWaits();
  const limit = createRequestRateLimit({
    ...deps,
    perMinute: deps.rateLimitPerMinute,
    keyPrefix: `${deps.queuePrefix}:rate:`,
  });
  const isSandbox = sandbox !== undefined;
  const home = createHomeRoute({ sandbox: isSandbox, operators: deps.operator.password !== undefined });
  const mounts: Mount[] = [
    ...opsMounts(deps, headers),
    { handlers: [createDocsRoutes({ version: deps.version, headers, limit })] },
    // Not counted, like the probes: operators and the sandbox's page poll.
    ...operatorMounts(deps, headers, { ...deps, isSandbox }),
    { at: '/api', handlers: [headers.data, createApi({ ...deps, limit, waits })] },
    ...(isSandbox ? [{ at: '/sandbox', handlers: [headers.page, sandbox] }] : []),
    { handlers: [headers.page, limit, home, unknownRoute] },
  ];
  return createHttpServer(mounts, { ...deps, waits });
}

/** A process without the role api: health, metrics and, where the bot has one, the webhook. Nothing is counted. */
export function createOpsServer(deps: OpsServerDeps): HttpServer {
  const headers = createSecurityHeaders();
  const mounts = [
    ...opsMounts(deps, headers),
    ...operatorMounts(deps, headers),
    { handlers: [headers.data, notTheApi] },
  ];
  return createHttpServer(mounts, { ...deps, waits: NO_WAITS });
}

/** The webhook is not counted: it has a secret of its own, and a burst of updates is no abuse. */
function opsMounts({ webhook, health, reportRefusal }: OpsServerDeps, headers: SecurityHeaders): Mount[] {
  return [
    ...(webhook === undefined ? [] : [{ handlers: [reporting(webhook, reportRefusal)] }]),
    { at: '/health', handlers: [headers.data, createHealthRoutes(health)] },
  ];
}

/** The webhook answers 401 where the secret is not the one that Telegram was given. */
function reporting(webhook: RequestHandler, report: ReportRefusal): RequestHandler {
  return (req, res, next) => {
    const tell = () => {
      if (res.statusCode === 401) report('webhook', req);
    };
    res.once('finish', tell);
    return webhook(req, res, (error?: unknown) => {
      res.off('finish', tell);
      next(error);
    });
  };
}

/** Only the API makes callers wait. */
const NO_WAITS = { end: () => undefined };

const notTheApi: RequestHandler = (_req, _res, next) => {
  next(new AppError('not_found', 'There is nothing at this address: this process does not serve the API.'));
};
