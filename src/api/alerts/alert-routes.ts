import { type Request, type RequestHandler, type Response, Router } from 'express';
import { within } from '../../async/within.ts';
import { ALERT_LIMITS } from '../../domain/alert.ts';
import { AppError } from '../../domain/errors.ts';
import { ALERT_BODY_LIMIT, createJsonBody, createJsonReader, invalid } from '../../http/json-body.ts';
import { methodNotAllowed } from '../../http/method-not-allowed.ts';
import { publicPrefix } from '../../http/public-address.ts';
import type { Waits } from '../../http/waits.ts';
import { type AlertService, IDEMPOTENCY_WINDOW_MS, type SeenAlert } from '../../services/alerts/alerts.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { integrationOf } from '../auth/request-context.ts';
import { requireScope } from '../auth/require-scope.ts';
import { validateStatus } from '../auth/validate-status.ts';
import { presentAccepted, presentAlert, presentIgnored } from '../presenters.ts';
import { createAlertSchema } from './alert-schema.ts';
import type { Ingest, IngestSource } from './ingest.ts';
import { preferredWait } from './prefer.ts';
import { createAlertReader } from './text-alerts.ts';
import { readAckWait, readWait, type Wait } from './wait.ts';

/** The form of the ids that we give; others need no look-up. */
const ID_FORM = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * So long after it, in ms, `deliverAt` still means "now": clocks differ. With an idempotency key longer: a repeat may come
 * after its alert was due, and must get the first answer.
 */
const LATENESS_MS = 300_000;

/** How long an answer waits for Redis to say whether the queue is paused, in ms. */
const PAUSED_WAIT_MS = 500;

/** `/alert`, `/preview`, `/alerts/:id` and what can be asked of one, to be mounted below /api. */
export function createAlertRoutes(deps: {
  alerts: AlertService;
  ingest: Ingest;
  limit: RequestHandler;
  verifyJwtToken: RequestHandler;
  loadIntegration: RequestHandler;
  waits: Waits;
  clock: Clock;
  isPaused: () => Promise<boolean>;
}): Router {
  const { alerts, ingest, limit, verifyJwtToken, loadIntegration, waits } = deps;
  const firstSchema = createAlertSchema(deps.clock, LATENESS_MS);
  const repeatableSchema = createAlertSchema(deps.clock, IDEMPOTENCY_WINDOW_MS);
  const schemaFor = (req: Request) => (idempotencyKeyOf(req) === undefined ? firstSchema : repeatableSchema);
  const body = createJsonBody(schemaFor, { optional: false });
  const readJson = createJsonReader(ALERT_BODY_LIMIT);
  const readAlert = createAlertReader({
    json: (req, res, next) =>
      readJson(req, res, (error?: unknown) =>
        error === undefined ? void body.validate(req, res, next) : next(error),
      ),
    schemaFor,
    clock: deps.clock,
  });

  const answer: IngestSource['answer'] = async (req, res, [accepted], sender) => {
    if (accepted === undefined) throw new Error('the one alert of this call has no outcome');
    if (accepted === 'ignored') {
      res.status(202).json(presentIgnored(warningsOf(req)));
      return;
    }
    if (accepted.replayed) res.setHeader('Idempotency-Replayed', 'true');
    res.setHeader('Location', `${publicPrefix(req)}/api/alerts/${accepted.id}`);
    const answered = presentAccepted(accepted, warningsOf(req));
    const wait = readAckWait(req.query) ?? preferredEnd(req);
    const alert = wait.seconds === 0 ? undefined : await seenAfter(res, sender, accepted.id, wait);
    if (alert === undefined) {
      res.status(202).json(answered);
      return;
    }
    if (wait.until === 'end') res.setHeader('Preference-Applied', `wait=${wait.seconds}`);
    res.status(202).json({ ...answered, status: alert.status, alert: await present(alert) });
  };

  function warningsOf(req: Request): readonly string[] {
    const { warnings } = body.of(req);
    return req.headers['idempotency-key'] === '' ? [...warnings, EMPTY_KEY] : warnings;
  }

  /** While the queue is paused, that is why an alert waits, whatever put it back before. */
  async function present(alert: SeenAlert): Promise<Record<string, unknown>> {
    const isDue = alert.status === 'queued' && (alert.deliverAt ?? 0) <= deps.clock.now();
    const isPaused = isDue && (await within(PAUSED_WAIT_MS, deps.isPaused).catch(() => false));
    return presentAlert(isPaused ? { ...alert, reason: 'paused' } : alert);
  }

  /** The entry after the wait; undefined if it cannot be read: the alert is accepted anyway. */
  const seenAfter = (...wait: Parameters<typeof waitFor>) => waitFor(...wait).catch(() => undefined);

  function waitFor(
    res: Response,
    integration: { readonly id: number },
    id: string,
    { until, seconds }: Wait,
  ): Promise<SeenAlert> {
    const look = until === 'end' ? alerts.waitForEnd : alerts.waitForAcknowledgement;
    return waits.run(res, (signal) => look(integration, id, seconds, signal));
  }

  async function show(req: Request<{ id: string }>, res: Response): Promise<void> {
    const integration = integrationOf(req);
    const id = readId(req);
    const wait = readWait(req.query);
    const alert =
      wait.seconds === 0 ? await alerts.get(integration, id) : await waitFor(res, integration, id, wait);
    res.json(await present(alert));
  }

  async function acknowledge(req: Request<{ id: string }>, res: Response): Promise<void> {
    res.json(await present(await alerts.acknowledge(integrationOf(req), readId(req))));
  }

  async function resend(req: Request<{ id: string }>, res: Response): Promise<void> {
    const id = readId(req);
    const alert = await alerts.resend({ integration: integrationOf(req) }, id);
    res.setHeader('Location', `${publicPrefix(req)}/api/alerts/${id}`);
    res.status(202).json({ id, status: alert.status, message: 'Alert enqueued again' });
  }

  const router = Router();
  const source: IngestSource = {
    read: [readAlert, checkIdempotencyKey, checkWait],
    alertsOf: (req) => [{ request: body.of(req).input, idempotencyKey: idempotencyKeyOf(req) }],
    warningsOf,
    answer,
  };
  const takeIn = ingest(source);
  router
    .route('/alert')
    .post(...takeIn)
    .put(...takeIn)
    .all(limit, methodNotAllowed('POST', 'PUT'));
  router
    .route('/preview')
    .post(...ingest({ ...source, isPreview: true }))
    .all(limit, methodNotAllowed('POST'));
  router
    .route('/alerts/:id')
    .get(limit, verifyJwtToken, loadIntegration, show)
    .all(limit, methodNotAllowed('GET'));
  router
    .route('/alerts/:id/resend')
    .post(limit, verifyJwtToken, loadIntegration, requireScope('alert:send'), validateStatus, resend)
    .all(limit, methodNotAllowed('POST'));
  router
    .route('/alerts/:id/acknowledge')
    .post(limit, verifyJwtToken, loadIntegration, requireScope('alert:send'), acknowledge)
    .all(limit, methodNotAllowed('POST'));
  return router;
}

/** Before the alert is taken in. */
const checkWait: RequestHandler = (req, _res, next) => {
  readAckWait(req.query);
  next();
};

const preferredEnd = (req: Request): Wait => ({ until: 'end', seconds: preferredWait(req.headers.prefer) });

const EMPTY_KEY = 'Idempotency-Key is empty: a repeat of this request would be another alert.';

/** Any text is a key. An empty one is none: it would make all alerts of a script whose variable is not set the same. */
function idempotencyKeyOf(req: Request): string | undefined {
  return req.get('Idempotency-Key') || undefined;
}

/** A key is not cut: two that differ at their ends would become one. */
const checkIdempotencyKey: RequestHandler = (req, _res, next) => {
  const most = ALERT_LIMITS.idempotencyKey;
  if ((idempotencyKeyOf(req)?.length ?? 0) > most)
    throw invalid([{ path: ['Idempotency-Key'], message: `Send at most ${most} characters.` }]);
  next();
};

function readId(req: Request<{ id: string }>): string {
  const { id } = req.params;
  if (!ID_FORM.test(id)) throw new AppError('not_found', 'This token has no alert with this id.');
  return id.toLowerCase();
}
