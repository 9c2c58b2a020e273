import type { RequestHandler } from 'express';
import { lazyHandler } from '../http/lazy-handler.ts';
import type { HttpLogger } from '../http/logger.ts';
import { unknownRoute } from '../http/problem-handlers.ts';
import type { ReportRefusal } from '../http/refusals.ts';
import type { SecurityHeaders } from '../http/security-headers.ts';
import type { Mount } from '../http/server.ts';
import type { AlertService } from '../services/alerts/alerts.ts';
import type { LookUp } from '../services/alerts/look-up.ts';
import type { WhyWaiting } from '../services/alerts/wait-reason.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { StatisticsService } from '../services/statistics/statistics.ts';
import { createAlertPages } from './alerts/alert-routes.ts';
import type { BoardQueues } from './board/board.ts';
import type { HealthSource } from './monitoring/health-routes.ts';
import { createMetricsRoute, type MetricsSource } from './monitoring/metrics-route.ts';
import type { OverviewSources } from './overview/overview.ts';
import { createOperatorCredentials } from './sign-in/credentials.ts';
import { createFailedSignIns } from './sign-in/failed-sign-ins.ts';
import { createOperatorGuard } from './sign-in/guard.ts';
import { createOperatorRoutes } from './sign-in/operator-routes.ts';
import { createDailyRoute } from './statistics/daily-route.ts';

/** Above it /api is the senders'. */
const DAILY_PATH = '/api/metrics';

export interface AdminDeps {
  readonly clock: Clock;
  readonly metrics: MetricsSource;
  readonly reportRefusal: ReportRefusal;
  readonly operator: {
    readonly user: string;
    /** Undefined: the operator pages answer 404. */
    readonly password: string | undefined;
    /** Signs sessions, derived for nothing else; at least 32 bytes. */
    readonly sessionKey: Buffer;
  };
}

/** What the operator area shows; a process without the role api has none. */
export interface AreaSources {
  readonly queues: BoardQueues;
  readonly alerts: Pick<AlertService, 'resend'>;
  readonly whyWaiting: WhyWaiting;
  /** Called when an operator resumes the alerts: nothing of the whole bot's flood wait stays. */
  readonly liftFloodWait: () => Promise<void>;
  readonly logger: HttpLogger;
  /** The sandbox's chat page is there. */
  readonly isSandbox: boolean;
  readonly health: HealthSource;
  readonly overview: Omit<OverviewSources, 'health' | 'isSandbox' | 'clock'> & {
    readonly statistics: StatisticsService;
  };
  readonly lookUp: LookUp;
}

/**
 * What operators use: /metrics, /api/metrics, and below /admin the sign-in, the overview and the board. Without the area
 * there is no page to sign in on, so that operators prove themselves by Basic. To be mounted before /api.
 */
export function operatorMounts(
  deps: AdminDeps,
  headers: SecurityHeaders,
  area?: AreaSources,
): readonly Mount[] {
  const { clock, operator } = deps;
  const { password } = operator;
  if (password === undefined)
    return [{ at: ['/admin', '/metrics', DAILY_PATH], handlers: [headers.data, unknownRoute] }];
  const credentials = createOperatorCredentials({ ...operator, password, clock });
  const failures = createFailedSignIns(clock);
  const shared = { credentials, failures, reportRefusal: deps.reportRefusal };
  const guard = createOperatorGuard({ ...shared, signInPage: area !== undefined });
  const metrics = { at: '/metrics', handlers: [headers.data, guard, createMetricsRoute(deps.metrics)] };
  if (area === undefined) return [metrics];
  const apiGuard = createOperatorGuard({ ...shared, signInPage: false, isApi: true });
  const daily = createDailyRoute({ ...area.overview, clock });
  const routes = createOperatorRoutes({
    ...{ ...shared, guard, strict: headers.strictPage, board: loadBoard(area, clock) },
    alerts: createAlertPages({ ...area, clock }),
    overview: loadOverview(area, clock),
  });
  return [
    metrics,
    { at: DAILY_PATH, handlers: [headers.data, apiGuard, daily] },
    { at: '/admin', handlers: [headers.page, routes] },
  ];
}

/** Bull Board is large: it is loaded when somebody looks. */
function loadBoard({ isSandbox, ...sources }: AreaSources, clock: Clock): RequestHandler {
  return lazyHandler(async () => {
    const { createBoard } = await import('./board/board.ts');
    return createBoard({ ...sources, clock, sandbox: isSandbox });
  });
}

/** So are the overview's assets. */
function loadOverview({ overview, health, isSandbox }: AreaSources, clock: Clock): RequestHandler {
  return lazyHandler(async () => {
    const { createOverviewRoutes } = await import('./overview/overview-routes.ts');
    return createOverviewRoutes({ ...overview, health, isSandbox, clock });
  });
}
