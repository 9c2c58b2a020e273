import { createBullBoard } from '@bull-board/api';
import type { HTTPStatus, IMiscLink } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';
import { type Express, type RequestHandler, Router } from 'express';
import type { AppError } from '../../domain/errors.ts';
import type { AlertService } from '../../services/alerts.ts';
import { toAppError } from '../foreign-errors.ts';
import type { ApiLogger } from '../logger.ts';
import { describeAlertData, presentValue } from './board-jobs.ts';
import { BOARD_STYLE, dressBoardPage, STYLE_PATH } from './board-page.ts';
import { boardRefusal } from './board-policy.ts';
import { BoardQueueAdapter } from './board-queue-adapter.ts';

export const BOARD_PATH = '/admin/queues';

/**
 * Bull Board for both queues, to be mounted at BOARD_PATH behind the operator guard. It shows no text of an alert, and
 * changes only what board-policy.ts lists.
 */
export function createBoard(deps: {
  queues: { readonly alerts: Queue; readonly maintenance: Queue };
  alerts: Pick<AlertService, 'resend'>;
  logger: Pick<ApiLogger, 'error'>;
  /** The sandbox's chat page is there. */
  sandbox: boolean;
}): RequestHandler {
  const alerts = new BoardQueueAdapter(
    deps.queues.alerts,
    {
      description: 'Alerts on their way to Telegram. Retry sends a failed or uncertain one again.',
      // An alert that was delivered is not sent twice by hand.
      allowCompletedRetries: false,
    },
    { describeData: describeAlertData, resend: (id) => deps.alerts.resend('operator', id) },
  );
  const maintenance = new BoardQueueAdapter(
    deps.queues.maintenance,
    { description: 'Quota reset, backup and upkeep.' },
    { describeData: presentValue },
  );

  const adapter = new ExpressAdapter().setBasePath(BOARD_PATH);
  createBullBoard({
    queues: [alerts, maintenance],
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Pingui Alert',
        hideRedisDetails: true,
        hideDocsLink: true,
        miscLinks: links(deps.sandbox),
      },
      handlerHooks: {
        before: (context) => {
          const name: unknown = context.request.params.queueName;
          const queue =
            name === alerts.getName() ? 'alerts' : name === maintenance.getName() ? 'maintenance' : undefined;
          const message = boardRefusal(context, queue);
          return message === undefined ? { allow: true } : { allow: false, status: 403, message };
        },
      },
    },
  });
  // Bull Board's own handler answers with the messages of errors, which may name hosts.
  adapter.setErrorHandler((thrown) => {
    const error = toAppError(thrown);
    if (error.code === 'internal') deps.logger.error({ err: thrown }, 'the board failed');
    const key = error.code === 'internal' ? 'ERRORS.INTERNAL_SERVER_ERROR' : 'ERRORS.FORBIDDEN';
    return { status: boardStatus(error), body: { error: { key }, message: error.detail } };
  });

  const app = adapter.getRouter() as Express;
  app.disable('x-powered-by');
  dressBoardPage(app);
  const router = Router();
  router.get(STYLE_PATH, (_req, res) => {
    res.type('css').send(BOARD_STYLE);
  });
  router.use(app);
  return router;
}

/** The board's answers have their own form, known to its page; these are the statuses that it takes. */
function boardStatus(error: AppError): HTTPStatus {
  switch (error.code) {
    case 'internal':
      return 500;
    case 'not_found':
      return 404;
    case 'invalid_request':
    case 'payload_too_large':
    case 'unsupported_media_type':
      return 400;
    default:
      return 409;
  }
}

function links(sandbox: boolean): IMiscLink[] {
  return [
    ...(sandbox ? [{ text: 'Sandbox chat', url: '/sandbox' }] : []),
    { text: 'Metrics', url: '/metrics' },
    { text: 'Health', url: '/health/ready' },
    { text: 'Sign out', url: '/admin/sign-out' },
  ];
}
