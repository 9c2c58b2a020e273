import { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import type { Tokens } from '../crypto/tokens.ts';
import { toAppError } from '../http/foreign-errors.ts';
import { createJsonReader } from '../http/json-body.ts';
import { unknownRoute } from '../http/problem-handlers.ts';
import type { ReportRefusal } from '../http/refusals.ts';
import type { Waits } from '../http/waits.ts';
import type { AlertService } from '../services/alerts/alerts.ts';
import type { PreviewAlerts } from '../services/alerts/preview.ts';
import type { IntegrationService } from '../services/integrations/integrations.ts';
import type { KeyService } from '../services/keys/keys.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { SetUpSignal } from '../services/ports/set-ups.ts';
import { createAlertRoutes } from './alerts/alert-routes.ts';
import { createIngest } from './alerts/ingest.ts';
import { createLoadIntegration, createRequireSetupToken } from './auth/load-integration.ts';
import { createVerifyJwtToken } from './auth/verify-jwt-token.ts';
import { createVerifySender } from './auth/verify-sender.ts';
import { createAdapterRoutes } from './ingest/adapter-routes.ts';
import { createIntegrationRoutes } from './integrations/integration-routes.ts';
import { createKeyRoutes } from './keys/key-routes.ts';
import { createQuotaHeaders } from './quota-headers.ts';

export interface ApiDeps {
  readonly alerts: AlertService;
  readonly integrations: Pick<IntegrationService, 'authenticate' | 'create' | 'update' | 'revoke' | 'rotate'>;
  readonly preview: PreviewAlerts;
  readonly keys: KeyService;
  readonly tokens: Pick<Tokens, 'key'>;
  readonly clock: Clock;
  /** Hears of new integrations and keys. */
  readonly setUps: Pick<SetUpSignal, 'publish'>;
  /** Where senders reach this API, without a trailing slash. */
  readonly serviceUrl: () => string;
  /** PUBLIC_URL, without a trailing slash. */
  readonly publicUrl?: string | undefined;
  /** A tool has sent what is no alert. */
  readonly reportIgnored: (adapter: string, requestId: string) => void;
  /** An operator has paused the queue. */
  readonly isPaused: () => Promise<boolean>;
  /** IANA time zone in which a quota's day ends. */
  readonly timeZone: string;
}

/** Everything below /api, for senders. */
export function createApi(
  deps: ApiDeps & {
    /** Counts the requests of an address. */
    readonly limit: RequestHandler;
    readonly waits: Waits;
    readonly reportRefusal: ReportRefusal;
  },
): RequestHandler {
  const { limit } = deps;
  const verifyJwtToken = createVerifyJwtToken(deps);
  const loadIntegration = createLoadIntegration(deps.integrations.authenticate);
  const requireSetupToken = createRequireSetupToken(deps.integrations.authenticate);
  const quota = createQuotaHeaders(deps);
  const verifySender = createVerifySender({ ...deps, verifyJwtToken });
  const ingest = createIngest({ ...deps, verifySender, quota });
  const shared = { ...deps, verifyJwtToken, loadIntegration, quota, readJson: createJsonReader() };
  const reportTokens: ErrorRequestHandler = (error: unknown, req, _res, next) => {
    if (toAppError(error).code === 'unauthorized') deps.reportRefusal('token', req);
    next(error);
  };
  const router = Router();
  // It counts on its own, so that what the limit refuses is reported like any other refused alert.
  router.use(createAlertRoutes({ ...shared, ingest }));
  router.use('/in', createAdapterRoutes({ ...deps, ingest }));
  router.use(limit, createIntegrationRoutes({ ...shared, requireSetupToken }), createKeyRoutes(shared));
  router.use(unknownRoute);
  router.use(reportTokens);
  return router;
}
