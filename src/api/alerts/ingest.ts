import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { toAppError } from '../../http/foreign-errors.ts';
import type { AcceptedAlert } from '../../services/alerts/accept.ts';
import type { AlertRequest, Sender } from '../../services/alerts/alert-request.ts';
import type { AlertService } from '../../services/alerts/alerts.ts';
import { authenticatedOf, isSetupToken } from '../auth/request-context.ts';
import { requireScope } from '../auth/require-scope.ts';
import type { QuotaHeaders } from '../quota-headers.ts';

/** What differs between the calls that take an alert in. */
interface IngestSource {
  /** Reads and checks the request, one after the other. */
  readonly read: readonly RequestHandler[];
  /** What `read` made of it. */
  alertOf(req: Request): { readonly request: AlertRequest; readonly idempotencyKey: string | undefined };
  answer(req: Request, res: Response, accepted: AcceptedAlert, sender: Sender): Promise<void>;
  /** There was nothing to resolve. */
  ignore(req: Request, res: Response): void;
}

export type Ingest = (source: IngestSource) => (RequestHandler | ErrorRequestHandler)[];

/**
 * The one way in for an alert: how often (per address), who (verifyJwtToken), what (the source), then the alert service,
 * whose one statement proves the sender and takes the alert in. A refusal is reported once, by the service.
 */
export function createIngest(deps: {
  limit: RequestHandler;
  verifyJwtToken: RequestHandler;
  alerts: Pick<AlertService, 'accept' | 'acceptKeyed' | 'refuse'>;
  quota: Pick<QuotaHeaders, 'announce'>;
}): Ingest {
  const { alerts, quota } = deps;

  /** Express passes it by unless one of the handlers before it failed: what comes after it, the service reports. */
  const refuse: ErrorRequestHandler = async (error: unknown, req, _res, next) => {
    const refusal = toAppError(error);
    const sender = req.user && { ...senderOf(req), isSetup: isSetupToken(req.user.claims) };
    const told = await alerts.refuse(sender, refusal, { requestId: req.requestId });
    next(told === refusal ? error : told);
  };

  const tellQuota: ErrorRequestHandler = (error: unknown, _req, res, next) => {
    const { quota: left } = toAppError(error);
    if (left !== undefined) quota.announce(res, left);
    next(error);
  };

  return ({ read, alertOf, answer, ignore }) => [
    deps.limit,
    deps.verifyJwtToken,
    requireScope('alert:send'),
    ...read,
    refuse,
    async (req: Request, res: Response): Promise<void> => {
      const sender = senderOf(req);
      const { request, idempotencyKey } = alertOf(req);
      const isGone = () => req.socket.destroyed;
      const context = { requestId: req.requestId, idempotencyKey, isGone };
      const { key } = request;
      const accepted =
        key === undefined
          ? await alerts.accept(sender, request, context)
          : await alerts.acceptKeyed(sender, { ...request, key }, context);
      if (accepted === 'ignored') return ignore(req, res);
      quota.announce(res, { limit: accepted.dailyLimit, remaining: accepted.remaining });
      await answer(req, res, accepted, sender);
    },
    tellQuota,
  ];
}

function senderOf(req: Request): Sender {
  const { claims, tokenHash } = authenticatedOf(req);
  return { id: Number(claims.sub), tokenHash };
}
