import { errorAnswer, type FaultOptions, tooManyRequestsAnswer } from '../../src/sandbox/bot-api-double.ts';

/** One row of the taxonomy: what Telegram does to the sends of one alert, and what must become of it. */
export interface TaxonomyRow {
  readonly name: string;
  readonly faults: readonly FaultOptions[];
  /** Added to the alert. */
  readonly extra?: object;
  readonly status: 'delivered' | 'failed' | 'uncertain';
  readonly reason: string | RegExp | null;
  /** Calls that carry this alert. */
  readonly calls: number;
  /** The integration is unreachable afterwards, and /start brings it back. */
  readonly unreachable?: true;
}

const answered = (code: number, text: string, times = 1): FaultOptions[] => [
  { method: 'sendMessage', times, action: errorAnswer(code, text) },
];
const lost = (code: number, text: string, reason: string): TaxonomyRow => ({
  name: `${code} ${text}`,
  faults: answered(code, text),
  status: 'failed',
  reason,
  calls: 1,
  unreachable: true,
});
const failed = (code: number, text: string, reason: string): TaxonomyRow => ({
  name: `${code} ${text}`,
  faults: answered(code, text),
  status: 'failed',
  reason,
  calls: 1,
});
const simpler = (text: string): TaxonomyRow => ({
  name: `400 ${text}: the next simpler form`,
  faults: answered(400, `Bad Request: ${text}`),
  status: 'delivered',
  reason: null,
  calls: 2,
});
const uncertain = (name: string, action: FaultOptions['action'], reason: string | RegExp): TaxonomyRow => ({
  name,
  faults: [{ method: 'sendMessage', ...(action === undefined ? {} : { action }) }],
  status: 'uncertain',
  reason,
  calls: 1,
});

/** The rows of the table of Telegram's answers and faults that one alert can meet; see docs/reliability.md. */
export const TAXONOMY: readonly TaxonomyRow[] = [
  lost(400, 'Bad Request: chat not found', 'chat_not_found'),
  lost(403, 'Forbidden: user is deactivated', 'user_deactivated'),
  lost(403, "Forbidden: bot can't initiate conversation with a user", 'bot_not_started'),
  lost(403, 'Forbidden: bot was kicked from the supergroup chat', 'bot_kicked'),
  lost(403, 'Forbidden: bot is not a member of the channel chat', 'bot_not_member'),
  lost(403, 'Forbidden: the group chat was deleted', 'chat_deleted'),
  lost(403, 'Forbidden: bot was blocked by the user', 'bot_blocked'),
  failed(400, 'Bad Request: not enough rights to send text messages to the chat', 'no_rights'),
  failed(400, 'Bad Request: have no write access to the chat', 'no_write_access'),
  failed(400, 'Bad Request: CHAT_WRITE_FORBIDDEN', 'no_write_access'),
  failed(400, 'Bad Request: need administrator rights in the channel chat', 'not_administrator'),
  failed(400, 'Bad Request: message is not modified', 'message_not_modified'),
  failed(400, 'Bad Request: query is too old and response timeout expired', 'query_expired'),
  failed(409, 'Conflict: something that nobody has seen yet', 'telegram_409'),
  {
    name: '400 message thread not found: once more without the topic',
    faults: answered(400, 'Bad Request: message thread not found'),
    extra: { threadId: 77 },
    status: 'delivered',
    reason: null,
    calls: 2,
  },
  {
    name: '400 TOPIC_CLOSED: once more without the topic',
    faults: answered(400, 'Bad Request: TOPIC_CLOSED'),
    extra: { threadId: 78 },
    status: 'delivered',
    reason: null,
    calls: 2,
  },
  {
    name: '400 the chat is not a forum: once more without the topic',
    faults: answered(400, 'Bad Request: the chat is not a forum'),
    extra: { threadId: 79 },
    status: 'delivered',
    reason: null,
    calls: 2,
  },
  simpler('something that nobody has seen yet'),
  { ...simpler('403'), name: '403 unknown: the next simpler form', faults: answered(403, 'Forbidden: new') },
  simpler('ENTITIES_TOO_LONG'),
  simpler('BUTTON_USER_PRIVACY_RESTRICTED'),
  simpler('BUTTON_USER_INVALID'),
  simpler('REPLY_MARKUP_INVALID'),
  simpler('URL_INVALID'),
  simpler('entity beginning at UTF-16 offset 3 ends in the middle of a UTF-16 symbol at byte offset 4'),
  simpler("can't parse entities: unexpected end"),
  simpler('message is too long'),
  simpler('message text is empty'),
  simpler('BUTTON_DATA_INVALID'),
  simpler('reply markup is too long'),
  simpler('message to be replied not found'),
  {
    name: "400 can't parse entities, twice: as a document",
    faults: answered(400, "Bad Request: can't parse entities", 2),
    status: 'delivered',
    reason: null,
    calls: 3,
  },
  {
    name: '400 CHAT_SEND_PLAIN_FORBIDDEN: as a document',
    faults: answered(400, 'Bad Request: CHAT_SEND_PLAIN_FORBIDDEN', 2),
    status: 'delivered',
    reason: null,
    calls: 3,
  },
  {
    name: 'an unknown 400 twice, in a topic: without the topic',
    faults: answered(400, 'Bad Request: something that nobody has seen yet', 2),
    extra: { threadId: 80 },
    status: 'delivered',
    reason: null,
    calls: 3,
  },
  {
    name: 'an unknown 400 for every form: failed',
    faults: [{ times: 3, action: errorAnswer(400, 'Bad Request: something that nobody has seen yet') }],
    status: 'failed',
    reason: 'telegram_400',
    calls: 3,
  },
  {
    name: '400 for every form: failed',
    faults: [{ times: 3, action: errorAnswer(400, 'Bad Request: message is too long') }],
    status: 'failed',
    reason: 'text_too_long',
    calls: 3,
  },
  {
    name: '429 retry after 1',
    faults: [{ method: 'sendMessage', action: tooManyRequestsAnswer(1) }],
    status: 'delivered',
    reason: null,
    calls: 2,
  },
  uncertain('500', errorAnswer(500, 'Internal Server Error'), 'telegram_500'),
  uncertain(
    '502 with a page instead of JSON',
    { kind: 'answer', status: 502, body: '<html>Bad Gateway</html>' },
    'telegram_502',
  ),
  ...[200, 302, 403].map((status) =>
    uncertain(
      `${status} with a provider's page instead of JSON`,
      { kind: 'answer', status, body: '<html>Chat not found. Please sign in.</html>' },
      'answer_unreadable',
    ),
  ),
  uncertain('reset before the message arrived', { kind: 'reset' }, 'connection_reset'),
  uncertain('reset after the message arrived', { kind: 'reset', deliver: true }, 'connection_reset'),
  uncertain('no answer, and no message', { kind: 'hang' }, 'timeout'),
  uncertain('no answer, but the message arrived', { kind: 'hang', deliver: true }, 'timeout'),
  uncertain('an answer cut in the middle', { kind: 'cut' }, /^(answer_cut|timeout)$/),
  uncertain('an answer that is no JSON', { kind: 'invalid-json' }, 'answer_unreadable'),
];

/** Whether the ledger says what the row says. */
export function fits(row: TaxonomyRow, entry: { status: string; reason: string | null }): boolean {
  const { reason } = row;
  return (
    entry.status === row.status &&
    (reason instanceof RegExp ? reason.test(entry.reason ?? '') : entry.reason === reason)
  );
}
