import type { ErrorCode } from '../../domain/errors.ts';
import type { CallResult } from '../../domain/events.ts';

/** Distinct values of one label beside the known ones: each makes a time series that Prometheus keeps. */
const MOST_VALUES = 40;

/** Keeps a label's values few and well-formed codes: what is neither known nor one of the first 40 others is `other`. */
export function createLabelBound(known: readonly string[] = []): (value: string) => string {
  const expected = new Set(known);
  const others = new Set<string>();
  return (value) => {
    if (expected.has(value) || others.has(value)) return value;
    if (others.size >= MOST_VALUES || !/^[\w.:-]{1,64}$/.test(value)) return 'other';
    others.add(value);
    return value;
  };
}

/**
 * The values that series are made for at the start, at 0: an alarm on a rate misses the first event of a series that
 * appears with it. What is missing here appears with its first event (tests compare the lists with the taxonomy).
 */
export const FAILURES = [
  ...['chat_migrated', 'chat_not_found', 'bot_blocked', 'user_deactivated', 'bot_not_started', 'chat_is_bot'],
  ...['bot_kicked', 'bot_not_member', 'chat_deleted', 'no_rights', 'no_write_access', 'not_administrator'],
  ...[
    'chat_restricted',
    'message_not_modified',
    'message_gone',
    'query_expired',
    'topic_gone',
    'entities_invalid',
  ],
  ...['text_too_long', 'text_empty', 'text_not_utf8', 'button_invalid', 'url_invalid'],
  ...[
    ...[
      'reply_markup_invalid',
      'reply_not_found',
      'document_invalid',
      'revoked',
      'blocked',
      'unreachable',
      'lost',
    ],
    ...[
      'unreadable',
      'nothing_to_send',
      'text_forbidden',
      'documents_forbidden',
      'telegram_400',
      'telegram_403',
    ],
  ],
];

export const UNCERTAINTIES = [
  ...['timeout', 'connection_reset', 'answer_cut', 'answer_unreadable', 'redirected', 'unknown_fault'],
  ...[
    'answer_without_message',
    'worker_died',
    'telegram_500',
    'telegram_502',
    'telegram_503',
    'telegram_504',
  ],
];

export const DEFERRALS = [
  'flood_wait',
  'telegram_unreachable',
  'telegram_halted',
  'chat_migrated',
  'topic_gone',
  'moments_refused',
];

/** A Record, so that a new code cannot be forgotten: can an alert be refused with it? */
const REFUSED: Readonly<Record<ErrorCode, boolean>> = {
  invalid_request: true,
  unauthorized: true,
  scope_missing: true,
  chat_mismatch: true,
  integration_not_active: true,
  not_found: false,
  method_not_allowed: false,
  payload_too_large: true,
  unsupported_media_type: true,
  already_used: false,
  too_many_integrations: false,
  too_many_keys: false,
  idempotency_mismatch: true,
  not_resendable: false,
  quota_exhausted: true,
  rate_limited: true,
  queue_full: true,
  chat_queue_full: true,
  schedule_full: true,
  chat_schedule_full: true,
  queue_unavailable: true,
  database_unavailable: true,
  cross_site: false,
  internal: true,
};
export const REFUSALS = Object.entries(REFUSED).flatMap(([code, can]) => (can ? [code] : []));

/** The calls that a working service makes, by their usual results. */
export const CALLS: readonly (readonly [string, CallResult])[] = [
  'sendMessage',
  'getMe',
  'getUpdates',
].flatMap((method) =>
  (['ok', 'refused', 'rate_limited', 'unauthorized', 'unreachable', 'unanswered'] as const).map(
    (result) => [method, result] as const,
  ),
);
