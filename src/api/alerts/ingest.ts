import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { toAppError } from '../../http/foreign-errors.ts';
import type { AcceptedAlert } from '../../services/alerts/accept.ts';
import type { AlertRequest, IdempotencyKey, Sender } from '../../services/alerts/alert-request.ts';
import type { AlertService } from '../../services/alerts/alerts.ts';
import type { PreviewAlerts } from '../../services/alerts/preview.ts';
import { authenticatedOf, isSetupToken } from '../auth/request-context.ts';
import type { SenderRule } from '../auth/verify-sender.ts';
import { presentPreview } from '../presenters.ts';
import type { QuotaHeaders } from '../quota-headers.ts';

/** An alert that a request asks for. */
export interface Incoming {
  readonly request: AlertRequest;
  readonly idempotencyKey?: IdempotencyKey | undefined;
}

/** `ignored`: there was nothing to resolve. */
export type Outcome = AcceptedAlert | 'ignored';

/** What differs between the calls that take alerts in. */
export interface IngestSource extends SenderRule {
  /** What has to be read before the sender is known, because its tool puts the key there. */
  readonly first?: readonly RequestHandler[];
  /** Reads and checks the request, one after the other. */
  readonly read: readonly RequestHandler[];
  /** What `read` made of it, in the order in which they are taken in; none: it is an event of no interest. */
  alertsOf(req: Request): readonly Incoming[];
  /** What of the request was cut, left out or not known. */
  warningsOf?(req: Request): readonly string[];
  /** Nothing is ever sent. */
  readonly isPreview?: true;
  /** @param outcomes one for each of the alerts */
  answer(req: Request, res: Response, outcomes: readonly Outcome[], sender: Sender): void | Promise<void>;
}

export type Ingest = (source: IngestSource) => (RequestHandler | ErrorRequestHandler)[];

/**
 * The one way in for an alert: how often (per address), who (verifySender), what (the source), then the alert service,
 * whose one statement proves the sender and takes the alert in. A refusal is reported once, by the service.
 */
export function createIngest(deps: {
  limit: RequestHandler;
  verifySender: (rule: SenderRule) => RequestHandler;
  alerts: Pick<AlertService, 'accept' | 'acceptKeyed' | 'refuse'>;
  preview: PreviewAlerts;
  quota: Pick<QuotaHeaders, 'announce'>;
}): Ingest {
  const { alerts, quota } = deps;

  /** What would be sent; nothing is. */
  async function preview(req: Request, res: Response, source: IngestSource): Promise<void> {
    const requests = source.alertsOf(req).map(({ request }) => request);
    const shown = await deps.preview(senderOf(req), requests);
    // A key can send, and learns no more than that.
    res.json(presentPreview(shown, source.warningsOf?.(req) ?? [], req.key === undefined));
  }

  /** Express passes it by unless one of the handlers before it failed: what comes after it, the service reports. */
  const createRefuse =
    (source: IngestSource): ErrorRequestHandler =>
    async (error: unknown, req, _res, next) => {
      const refusal = toAppError(error);
      const context = { requestId: req.requestId, isPreview: isPreview(source, req) };
      const told = await alerts.refuse(knownSender(req), refusal, context);
      next(told === refusal ? error : told);
    };

  const tellQuota: ErrorRequestHandler = (error: unknown, _req, res, next) => {
    const { quota: left } = toAppError(error);
    if (left !== undefined) quota.announce(res, left);
    next(error);
  };

  async function accept(req: Request, sender: Sender, { request, idempotencyKey }: Incoming) {
    const isGone = () => req.socket.destroyed;
    const context = { requestId: req.requestId, idempotencyKey, isGone };
    const { key } = request;
    return key === undefined
      ? alerts.accept(sender, request, context)
      : alerts.acceptKeyed(sender, { ...request, key }, context);
  }

  return (source) => [
    deps.limit,
    ...(source.first ?? []),
    deps.verifySender(source),
    ...source.read,
    createRefuse(source),
    async (req: Request, res: Response): Promise<void> => {
      if (isPreview(source, req)) return preview(req, res, source);
      const sender = senderOf(req);
      const outcomes: Outcome[] = [];
      for (const incoming of source.alertsOf(req)) {
        const outcome = await accept(req, sender, incoming);
        outcomes.push(outcome);
        if (outcome !== 'ignored')
          quota.announce(res, { limit: outcome.dailyLimit, remaining: outcome.remaining });
      }
      await source.answer(req, res, outcomes, sender);
    },
    tellQuota,
  ];
}

/** `?dryRun=true` */
function isPreview(source: IngestSource, req: Request): boolean {
  if (source.isPreview || !req.url.includes('dryRun=')) return source.isPreview === true;
  return /^(?:true|1|yes|on)$/i.test(String(req.query.dryRun));
}

/** The key was looked up by verifySender; a token is proved by the accept itself. */
function senderOf(req: Request): Sender {
  if (req.key !== undefined) return { id: req.key.integrationId, tokenHash: null };
  const { claims, tokenHash } = authenticatedOf(req);
  return { id: Number(claims.sub), tokenHash };
}

/** Who has shown something that was verified; undefined: nobody. */
function knownSender(req: Request): Parameters<AlertService['refuse']>[0] {
  if (req.key === undefined && req.user === undefined) return undefined;
  return { ...senderOf(req), isSetup: req.user !== undefined && isSetupToken(req.user.claims) };
}
