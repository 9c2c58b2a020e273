import type { Request, Response } from 'express';
import type { AppError, ErrorCode } from '../domain/errors.ts';
import { bearerChallenge } from './credentials.ts';

/** How each code looks over HTTP. The compiler holds this complete. */
export const PROBLEMS: Record<ErrorCode, { readonly status: number; readonly title: string }> = {
  invalid_request: { status: 400, title: 'Invalid request' },
  unauthorized: { status: 401, title: 'Authentication required' },
  scope_missing: { status: 403, title: 'The token lacks the required scope' },
  chat_mismatch: { status: 403, title: 'The token is for another chat' },
  integration_not_active: { status: 403, title: 'The integration cannot send alerts' },
  cross_site: { status: 403, title: 'Requests from other sites are refused' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  already_used: { status: 409, title: 'The setup token has already been used' },
  too_many_integrations: { status: 409, title: 'The chat has too many integrations' },
  too_many_keys: { status: 409, title: 'The integration has too many keys' },
  not_resendable: { status: 409, title: 'The alert cannot be sent again' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  idempotency_mismatch: { status: 422, title: 'The idempotency key belongs to another request' },
  quota_exhausted: { status: 429, title: "Today's quota is used up" },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong' },
  queue_full: { status: 503, title: 'The queue is full' },
  chat_queue_full: { status: 503, title: 'Too many pending alerts for this chat' },
  schedule_full: { status: 503, title: 'Too many scheduled alerts' },
  chat_schedule_full: { status: 503, title: 'Too many scheduled alerts for this chat' },
  queue_unavailable: { status: 503, title: 'The queue is not available' },
  database_unavailable: { status: 503, title: 'The database is not available' },
};

/** A body can hold thousands of faults; this many are enough to mend a request. */
const MAX_ISSUES = 50;

/** The RFC 9457 document of an error. */
function presentProblem(error: AppError, requestId: string): Record<string, unknown> {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `urn:pingui-alert:problem:${error.code}`,
    title,
    status,
    detail: error.detail,
    code: error.code,
    requestId,
    ...(error.issues === undefined ? {} : { errors: error.issues.slice(0, MAX_ISSUES) }),
  };
}

/** How the tool that a call is for reads a refusal, if not as others do. */
interface ProblemForm {
  /** It gives up on a 429, and tries again after a 503. */
  readonly isPatient?: true | undefined;
  /** What it knows instead of a problem document. */
  body?(refusal: {
    readonly status: number;
    readonly title: string;
    readonly detail: string;
  }): Readonly<Record<string, unknown>>;
}

declare global {
  namespace Express {
    interface Request {
      problemForm?: ProblemForm;
    }
  }
}

function statusFor(req: Request, { code }: AppError): number {
  const { status } = PROBLEMS[code];
  return status === 429 && req.problemForm?.isPatient ? 503 : status;
}

/** The one place that answers errors. `Retry-After` is in seconds, at least 1. */
export function sendProblem(req: Request, res: Response, error: AppError): void {
  if (res.headersSent) {
    // Half an answer went out: breaking the connection is the only honest end.
    res.destroy();
    return;
  }
  if (error.retryAfterSeconds !== undefined) {
    res.setHeader('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  // RFC 9110, section 15.5.2: a 401 names a scheme. The operators' guard sets its own.
  if (error.code === 'unauthorized' && !res.hasHeader('WWW-Authenticate')) {
    res.setHeader('WWW-Authenticate', bearerChallenge(req));
  }
  const status = statusFor(req, error);
  const { title } = PROBLEMS[error.code];
  const own = req.problemForm?.body?.({ status, title, detail: error.detail });
  res.statusCode = status;
  res.setHeader('Content-Type', own === undefined ? 'application/problem+json' : 'application/json');
  res.setHeader('Cache-Control', 'no-store');
  res.end(JSON.stringify(own ?? { ...presentProblem(error, req.requestId), status }));
}
