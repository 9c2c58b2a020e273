import type { Queue } from 'bullmq';
import { type Express, type RequestHandler, Router } from 'express';
import type { Redis } from 'ioredis';
import type { EventBus } from '../domain/events.ts';
import type { AlertService } from '../services/alerts.ts';
import type { IntegrationService } from '../services/integrations.ts';
import type { Clock } from '../services/ports.ts';
import type { Tokens } from '../services/tokens.ts';
import type { WhyWaiting } from '../services/wait-reason.ts';
import { createBaseApp } from './base-app.ts';
import { bornFor } from './born-for-express.ts';
import { createHttpListener, type HttpListener } from './http-listener.ts';
import { createIngest } from './ingest.ts';
import { loadedWhenAsked } from './loaded-when-asked.ts';
import type { ApiLogger } from './logger.ts';
import { createJsonReader } from './middleware/json-body.ts';
import { createLoadIntegration } from './middleware/load-integration.ts';
import { createProblemHandler, unknownRoute } from './middleware/problem-handlers.ts';
import { createRequestRateLimit } from './middleware/request-rate.ts';
import { createSecurityHeaders } from './middleware/security-headers.ts';
import { createVerifyJwtToken } from './middleware/verify-jwt-token.ts';
import { createOperatorCredentials } from './operator/credentials.ts';
import { createFailedSignIns } from './operator/failed-sign-ins.ts';
import { createOperatorGuard } from './operator/guard.ts';
import { createOperatorRoutes } from './operator/operator-routes.ts';
import { createQuotaHeaders } from './quota.ts';
import { createAlertRoutes } from './routes/alert-routes.ts';
import { createHealthRoutes, type Health } from './routes/health-routes.ts';
import { createHomeRoute } from './routes/home-route.ts';
import { createIntegrationRoutes } from './routes/integration-routes.ts';
import { createMetricsRoute, type Metrics } from './routes/metrics-route.ts';
import { createWaits, type Waits } from './waits.ts';

export interface ApiDeps {
  readonly alerts: AlertService;
  readonly integrations: Pick<IntegrationService, 'authenticate' | 'create' | 'revoke' | 'rotate'>;
  readonly tokens: Pick<Tokens, 'key'>;
  readonly events: EventBus;
  readonly clock: Clock;
  /** Keyed hash of a chat id, for events. */
  readonly hashChat: (chatId: number) => string;
  /** For counting requests only; should fail fast, but need not. */
  readonly redis: Pick<Redis, 'call'>;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly queues: { readonly alerts: Queue; readonly maintenance: Queue };
  /** For the board. */
  readonly whyWaiting: WhyWaiting;
  readonly logger: ApiLogger;
  /** Answers below /sandbox, in sandbox mode. */
  readonly sandbox?: RequestHandler;
  /** Takes Telegram's updates in, in webhook mode; passes on all other paths. */
  readonly webhook?: RequestHandler;
  /** IANA time zone in which a quota's day ends. */
  readonly timeZone: string;
  /** Requests per client address and minute; 0: no limit. */
  readonly rateLimitPerMinute: number;
  /** QUEUE_PREFIX, before the keys of the counters. */
  readonly queuePrefix: string;
  /** Number of proxies in front. */
  readonly trustProxy: number;
  readonly operator: {
    readonly user: string;
    /** Undefined: the operator pages answer 404. */
    readonly password: string | undefined;
    /** Signs sessions, derived for nothing else; at least 32 bytes. */
    readonly sessionKey: Buffer;
  };
}

export interface ApiServer extends HttpListener {
  readonly app: Express;
}

/** The HTTP edge: the Express app, and the server around it. */
export function createApiServer(deps: ApiDeps): ApiServer {
  const waits = createWaits();
  const app = createApp(deps, waits);
  return { app, ...createHttpListener(app, waits, bornFor(app)) };
}

function createApp(deps: ApiDeps, waits: Waits): Express {
  const headers = createSecurityHeaders();
  const limit = createRequestRateLimit({
    redis: deps.redis,
    perMinute: deps.rateLimitPerMinute,
    keyPrefix: `${deps.queuePrefix}:rate:`,
    clock: deps.clock,
    logger: deps.logger,
  });

  const app = createBaseApp(deps.trustProxy);
  // Not counted: it has a secret of its own, and a burst of updates is no abuse.
  if (deps.webhook !== undefined) app.use(deps.webhook);
  app.use('/api', headers.data, createApiRoutes(deps, limit, waits));
  // Not counted: probes come often, operators and the sandbox's page poll.
  app.use('/health', headers.data, createHealthRoutes(deps.health));
  mountOperatorPages(app, deps, headers);
  if (deps.sandbox !== undefined) app.use('/sandbox', headers.page, deps.sandbox);
  app.use(headers.page, limit);
  app.use(
    createHomeRoute({ sandbox: deps.sandbox !== undefined, operators: deps.operator.password !== undefined }),
  );
  app.use(unknownRoute);
  app.use(createProblemHandler(deps.logger));
  return app;
}

function createApiRoutes(deps: ApiDeps, limit: RequestHandler, waits: Waits): Router {
  const verifyJwtToken = createVerifyJwtToken(deps);
  const loadIntegration = createLoadIntegration(deps.integrations.authenticate);
  const quota = createQuotaHeaders(deps);
  const readJson = createJsonReader();
  const router = Router();
  const ingest = createIngest({ ...deps, limit, verifyJwtToken, quota });
  const shared = { ...deps, verifyJwtToken, loadIntegration, quota, readJson };
  // Its own limit comes first, so that what the limit refuses is reported like any other refused alert.
  router.use(createAlertRoutes({ ...shared, ingest, limit, waits }));
  router.use(createIntegrationRoutes(shared));
  router.use(unknownRoute);
  return router;
}

function mountOperatorPages(
  app: Express,
  deps: ApiDeps,
  headers: { readonly data: RequestHandler; readonly page: RequestHandler },
): void {
  const { user, password, sessionKey } = deps.operator;
  if (password === undefined) {
    app.use(['/admin', '/metrics'], headers.data, unknownRoute);
    return;
  }
  const { clock, logger, queues, alerts, whyWaiting } = deps;
  const credentials = createOperatorCredentials({ user, password, sessionKey, clock });
  const failures = createFailedSignIns(clock);
  const guard = createOperatorGuard({ credentials, failures, signInPage: true });
  const board = loadedWhenAsked(async () => {
    const { createBoard } = await import('./board/board.ts');
    return createBoard({ queues, alerts, whyWaiting, clock, logger, sandbox: deps.sandbox !== undefined });
  });
  app.use('/metrics', headers.data, guard, createMetricsRoute(deps.metrics));
  app.use('/admin', headers.page, createOperatorRoutes({ credentials, failures, guard, board }));
}
