import type { RequestHandler } from 'express';
import { lazyHandler } from '../http/lazy-handler.ts';
import type { HttpLogger } from '../http/logger.ts';
import { unknownRoute } from '../http/problem-handlers.ts';
import type { ReportRefusal } from '../http/refusals.ts';
import type { SecurityHeaders } from '../http/security-headers.ts';
import type { Mount } from '../http/server.ts';
import type { AlertService } from '../services/alerts/alerts.ts';
import type { WhyWaiting } from '../services/alerts/wait-reason.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { BoardQueues } from './board/board.ts';
import { createMetricsRoute, type MetricsSource } from './monitoring/metrics-route.ts';
import { createOperatorCredentials } from './sign-in/credentials.ts';
import { createFailedSignIns } from './sign-in/failed-sign-ins.ts';
import { createOperatorGuard } from './sign-in/guard.ts';
import { createOperatorRoutes } from './sign-in/operator-routes.ts';

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

export interface BoardSources {
  readonly queues: BoardQueues;
  readonly alerts: Pick<AlertService, 'resend'>;
  readonly whyWaiting: WhyWaiting;
  /** Called when an operator resumes the alerts: nothing of the whole bot's flood wait stays. */
  readonly liftFloodWait: () => Promise<void>;
  readonly logger: HttpLogger;
  /** The sandbox's chat page is there. */
  readonly isSandbox: boolean;
}

/**
 * What operators use: /metrics, and below /admin the sign-in and the board, which needs a process that has the queues.
 * Without a board there is no page to sign in on, so that operators prove themselves by Basic.
 */
export function operatorMounts(
  deps: AdminDeps,
  headers: SecurityHeaders,
  board?: BoardSources,
): readonly Mount[] {
  const { clock, operator } = deps;
  const { password } = operator;
  if (password === undefined) return [{ at: ['/admin', '/metrics'], handlers: [headers.data, unknownRoute] }];
  const credentials = createOperatorCredentials({ ...operator, password, clock });
  const failures = createFailedSignIns(clock);
  const shared = { credentials, failures, reportRefusal: deps.reportRefusal };
  const guard = createOperatorGuard({ ...shared, signInPage: board !== undefined });
  const metrics = { at: '/metrics', handlers: [headers.data, guard, createMetricsRoute(deps.metrics)] };
  if (board === undefined) return [metrics];
  const routes = createOperatorRoutes({ ...shared, guard, board: loadBoard(board, clock) });
  return [metrics, { at: '/admin', handlers: [headers.page, routes] }];
}

/** Bull Board is large: it is loaded when somebody looks. */
function loadBoard({ isSandbox, ...sources }: BoardSources, clock: Clock): RequestHandler {
  return lazyHandler(async () => {
    const { createBoard } = await import('./board/board.ts');
    return createBoard({ ...sources, clock, sandbox: isSandbox });
  });
}
