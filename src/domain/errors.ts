/** The machine-readable codes that leave the service (README.md, "Refusals"). */
export type ErrorCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'scope_missing'
  | 'chat_mismatch'
  | 'integration_not_active'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'already_used'
  | 'too_many_integrations'
  | 'too_many_keys'
  | 'idempotency_mismatch'
  | 'not_resendable'
  | 'quota_exhausted'
  | 'rate_limited'
  | 'queue_full'
  | 'chat_queue_full'
  | 'schedule_full'
  | 'chat_schedule_full'
  | 'queue_unavailable'
  | 'database_unavailable'
  | 'cross_site'
  | 'internal';

/** One fault of an input: where it is (dotted path, empty for the whole body) and what to change. */
export interface InputIssue {
  readonly path: string;
  readonly message: string;
}

interface AppErrorOptions {
  readonly cause?: unknown;
  /** Seconds until the same call may succeed. */
  readonly retryAfterSeconds?: number;
  readonly issues?: readonly InputIssue[];
  /** The integration's quota of today, where it is the reason. */
  readonly quota?: Quota;
}

interface Quota {
  /** Alerts per day. */
  readonly limit: number;
  readonly remaining: number;
}

/** The one error that services raise on purpose. It knows nothing of HTTP, BullMQ or Telegram: the edges map it. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly retryAfterSeconds: number | undefined;
  readonly issues: readonly InputIssue[] | undefined;
  readonly quota: Quota | undefined;

  constructor(
    readonly code: ErrorCode,
    /** One sentence for the caller that says what to change. Never holds text, tokens or chat ids. */
    readonly detail: string,
    options: AppErrorOptions = {},
  ) {
    super(detail, { cause: options.cause });
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.issues = options.issues;
    this.quota = options.quota;
  }
}
