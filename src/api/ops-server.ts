import type { Express } from 'express';
import { AppError } from '../domain/errors.ts';
import { createBaseApp } from './base-app.ts';
import { createHttpListener, type HttpListener } from './http-listener.ts';
import { createProblemHandler } from './middleware/problem-handlers.ts';
import { createSecurityHeaders } from './middleware/security-headers.ts';
import { createOperatorCredentials } from './operator/credentials.ts';
import { createFailedSignIns } from './operator/failed-sign-ins.ts';
import { createOperatorGuard } from './operator/guard.ts';
import { createHealthRoutes } from './routes/health-routes.ts';
import { createMetricsRoute } from './routes/metrics-route.ts';
import type { ApiDeps } from './server.ts';

export type OpsDeps = Pick<
  ApiDeps,
  'clock' | 'health' | 'metrics' | 'logger' | 'webhook' | 'trustProxy' | 'operator'
>;

/**
 * The HTTP edge of a process without the role api: health, metrics and, where the bot has one, the webhook. No page, so
 * operators prove themselves by Basic (or by a session of an API process); nothing is counted, as there it is not.
 */
export function createOpsServer(deps: OpsDeps): HttpListener {
  const headers = createSecurityHeaders();
  const app = createBaseApp(deps.trustProxy);
  if (deps.webhook !== undefined) app.use(deps.webhook);
  app.use(headers.data);
  app.use('/health', createHealthRoutes(deps.health));
  if (deps.operator.password !== undefined) mountMetrics(app, deps, deps.operator.password);
  app.use(() => {
    throw new AppError('not_found', 'There is nothing at this address: this process is not the API.');
  });
  app.use(createProblemHandler(deps.logger));
  return createHttpListener(app, NO_WAITS);
}

/** Only the API makes callers wait. */
const NO_WAITS = { end: () => undefined };

function mountMetrics(app: Express, deps: OpsDeps, password: string): void {
  const { clock } = deps;
  const credentials = createOperatorCredentials({ ...deps.operator, password, clock });
  const guard = createOperatorGuard({ credentials, failures: createFailedSignIns(clock), signInPage: false });
  app.use('/metrics', guard, createMetricsRoute(deps.metrics));
}
