import { createBullBoard } from '@bull-board/api';
import type { HTTPStatus, IMiscLink, UIConfig } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';
import { type Express, type RequestHandler, Router } from 'express';
import type { AppError } from '../../domain/errors.ts';
import { toAppError } from '../../http/foreign-errors.ts';
import type { HttpLogger } from '../../http/logger.ts';
import type { AlertService } from '../../services/alerts/alerts.ts';
import type { WhyWaiting } from '../../services/alerts/wait-reason.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { createBoardPage, ICON_PATH } from './board-page.ts';
import { boardRefusal } from './board-policy.ts';
import { BoardQueueAdapter } from './board-queue-adapter.ts';
import { createAlertPresenter, presentPlainJobs } from './present-jobs.ts';

const BOARD_PATH = '/admin/queues';

export interface BoardQueues {
  readonly alerts: Queue;
  readonly updates: Queue;
  readonly maintenance: Queue;
}

/** The line below the queue's name. It is cut where the window ends, so that the first words matter most. */
const ALERTS_DESCRIPTION =
  'Failed: did not arrive, or (uncertain) may have arrived. Delayed: scheduled, or held back by a flood wait or the pace of its chat.';

const UPDATES_DESCRIPTION =
  "Edits of messages that are there: an incident's newest state, or who acknowledged an alert. At most two jobs for each; one that is done is gone.";

/**
 * Bull Board for the queues, to be mounted at BOARD_PATH behind the operator guard. It shows no text of an alert, and
 * changes only what board-policy.ts lists.
 */
export function createBoard(deps: {
  queues: BoardQueues;
  alerts: Pick<AlertService, 'resend'>;
  whyWaiting: WhyWaiting;
  liftFloodWait: () => Promise<void>;
  clock: Clock;
  logger: Pick<HttpLogger, 'error'>;
  /** Nothing reaches Telegram, and the sandbox's chat page is there. */
  sandbox: boolean;
}): RequestHandler {
  const alerts = new BoardQueueAdapter(
    deps.queues.alerts,
    // A delivered alert is not resent.
    {
      description: ALERTS_DESCRIPTION,
      allowCompletedRetries: false,
      // Relative to the board's path, as all its links are.
      externalJobUrl: ({ id }) => ({ displayText: 'Timeline', href: `../alerts/${id}` }),
    },
    createAlertPresenter({ ...deps, resend: (id) => deps.alerts.resend('operator', id) }),
    deps.liftFloodWait,
  );
  const maintenance = new BoardQueueAdapter(
    deps.queues.maintenance,
    { description: 'Quota reset and backup; upkeep shows up only when it fails.' },
    presentPlainJobs,
  );

  const updates = new BoardQueueAdapter(
    deps.queues.updates,
    { description: UPDATES_DESCRIPTION },
    presentPlainJobs,
  );

  const adapter = new ExpressAdapter().setBasePath(BOARD_PATH);
  createBullBoard({
    queues: [alerts, updates, maintenance],
    serverAdapter: adapter,
    options: {
      uiConfig: describeBoard(deps.sandbox),
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
    if (error.code === 'internal') deps.logger.error({ err: thrown }, 'Request to the board failed');
    const key = error.code === 'internal' ? 'ERRORS.INTERNAL_SERVER_ERROR' : 'ERRORS.FORBIDDEN';
    return { status: boardStatus(error), body: { error: { key }, message: error.detail } };
  });

  const app = adapter.getRouter() as Express;
  app.disable('x-powered-by');
  return Router().use(createBoardPage(app), app);
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

function describeBoard(sandbox: boolean): UIConfig {
  return {
    boardTitle: 'Pingui Alert',
    boardLogo: { path: ICON_PATH, width: 28, height: 28 },
    favIcon: { default: ICON_PATH, alternative: ICON_PATH },
    environment: sandbox
      ? { label: 'SANDBOX', color: '#f5a623', textColor: '#17212b' }
      : { label: 'PRODUCTION', color: '#1f6fb2', textColor: '#fff' },
    hideRedisDetails: true,
    hideDocsLink: true,
    showMetrics: true,
    // It would ask Redis for the list of its clients on each poll.
    showWorkers: false,
    miscLinks: links(sandbox),
  };
}

/** Relative to the board's path, which the page has as its base: a proxy may serve it below one of its own. */
function links(sandbox: boolean): IMiscLink[] {
  return [
    ...(sandbox ? [{ text: 'Sandbox chat', url: '../../sandbox' }] : []),
    { text: 'Overview', url: '../../admin' },
    { text: 'Metrics', url: '../../metrics' },
    { text: 'Health', url: '../../health/ready' },
    { text: 'Sign out', url: '../sign-out' },
  ];
}
