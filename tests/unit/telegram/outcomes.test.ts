import fc from 'fast-check';
import { TelegramError } from 'telegraf';
import { describe, expect, it } from 'vitest';
import { ANSWER_TABLE, classifyError, classifyResult } from '../../../src/telegram/outcomes.ts';

const classifyRefusal = (error_code: unknown, description: unknown, parameters?: unknown) =>
  classifyError({ response: { ok: false, error_code, description, parameters } });
const failed = (reason: string, chat: 'unreachable' | 'suspect' | 'none') => ({
  kind: 'failed',
  reason,
  chat,
});
const rejected = (reason: string) => ({ kind: 'payload_rejected', reason });
const halt = (reason: string) => ({ kind: 'halt', reason });
const uncertain = (reason: string) => ({ kind: 'uncertain', reason });

/** Telegram's own words, written out: a change of the table has to be made here as well. */
const ANSWERS: [number, string, object][] = [
  [400, 'Bad Request: chat not found', failed('chat_not_found', 'unreachable')],
  [400, 'Bad Request: PEER_ID_INVALID', failed('chat_not_found', 'unreachable')],
  [400, 'Bad Request: group chat was upgraded to a supergroup chat', failed('chat_migrated', 'unreachable')],
  [403, 'Forbidden: bot was blocked by the user', failed('bot_blocked', 'unreachable')],
  [403, 'Forbidden: user is deactivated', failed('user_deactivated', 'unreachable')],
  [403, "Forbidden: bot can't initiate conversation with a user", failed('bot_not_started', 'unreachable')],
  [403, "Forbidden: bot can't send messages to bots", failed('chat_is_bot', 'unreachable')],
  [403, 'Forbidden: bot was kicked from the group chat', failed('bot_kicked', 'unreachable')],
  [403, 'Forbidden: bot was kicked from the supergroup chat', failed('bot_kicked', 'unreachable')],
  [403, 'Forbidden: bot was kicked from the channel chat', failed('bot_kicked', 'unreachable')],
  [403, 'Forbidden: bot is not a member of the channel chat', failed('bot_not_member', 'unreachable')],
  [403, 'Forbidden: the group chat was deleted', failed('chat_deleted', 'unreachable')],
  [400, 'Bad Request: not enough rights to send text messages to the chat', failed('no_rights', 'suspect')],
  [400, 'Bad Request: have no write access to the chat', failed('no_write_access', 'suspect')],
  [400, 'Bad Request: CHAT_WRITE_FORBIDDEN', failed('no_write_access', 'suspect')],
  [400, 'Bad Request: need administrator rights in the channel chat', failed('not_administrator', 'suspect')],
  [400, 'Bad Request: CHAT_RESTRICTED', failed('chat_restricted', 'suspect')],
  [400, 'Bad Request: CHAT_SEND_PLAIN_FORBIDDEN', rejected('text_forbidden')],
  [400, 'Bad Request: CHAT_SEND_DOCS_FORBIDDEN', rejected('documents_forbidden')],
  [400, 'Bad Request: the chat is not a forum', { kind: 'topic_gone' }],
  [400, 'Bad Request: ENTITIES_TOO_LONG', rejected('entities_invalid')],
  [
    400,
    'Bad Request: entity beginning at UTF-16 offset 1 ends in the middle of a UTF-16 symbol at byte offset 2',
    rejected('entities_invalid'),
  ],
  [400, 'Bad Request: BUTTON_USER_PRIVACY_RESTRICTED', rejected('button_invalid')],
  [400, 'Bad Request: BUTTON_USER_INVALID', rejected('button_invalid')],
  [400, 'Bad Request: REPLY_MARKUP_INVALID', rejected('reply_markup_invalid')],
  [400, 'Bad Request: URL_INVALID', rejected('url_invalid')],
  [400, 'Bad Request: Logged out', halt('bot_logged_out')],
  [400, 'Logged out', halt('bot_logged_out')],
  [400, 'Bad Request: message thread not found', { kind: 'topic_gone' }],
  [400, 'Bad Request: TOPIC_CLOSED', { kind: 'topic_gone' }],
  [400, "Bad Request: can't parse entities: Unsupported start tag", rejected('entities_invalid')],
  [400, 'Bad Request: message is too long', rejected('text_too_long')],
  [400, 'Bad Request: message caption is too long', rejected('text_too_long')],
  [400, 'Bad Request: message text is empty', rejected('text_empty')],
  [400, 'Bad Request: strings must be encoded in UTF-8', rejected('text_not_utf8')],
  [400, 'Bad Request: BUTTON_DATA_INVALID', rejected('button_invalid')],
  [
    400,
    "Bad Request: inline keyboard button URL 'http://localhost' is invalid: Wrong HTTP URL",
    rejected('button_invalid'),
  ],
  [400, 'Bad Request: Wrong HTTP URL', rejected('url_invalid')],
  [400, 'Bad Request: reply markup is too long', rejected('reply_markup_invalid')],
  [400, 'Bad Request: message to be replied not found', rejected('reply_not_found')],
  [400, 'Bad Request: file must be non-empty', rejected('document_invalid')],
  [413, 'Request Entity Too Large', rejected('document_invalid')],
  [400, 'Bad Request: message is not modified', failed('message_not_modified', 'none')],
  [
    400,
    'Bad Request: query is too old and response timeout expired or query ID is invalid',
    failed('query_expired', 'none'),
  ],
  [401, 'Unauthorized', halt('token_unauthorized')],
  [404, 'Not Found', halt('token_not_found')],
  [429, 'Too Many Requests: retry after 14', { kind: 'flood_wait', retryAfterMs: 14_000 }],
  [400, 'Bad Request: something new', rejected('telegram_400')],
  [403, 'Forbidden: something new', rejected('telegram_403')],
  [409, 'Conflict: terminated by other getUpdates request', failed('telegram_409', 'none')],
  [500, 'Internal Server Error', uncertain('telegram_500')],
  [502, 'Bad Gateway', uncertain('telegram_502')],
  [504, 'Gateway Timeout', uncertain('telegram_504')],
  [302, 'chat not found', uncertain('answer_unreadable')],
];

describe('the outcome of an answer', () => {
  it.each(ANSWERS)('%i "%s"', (code, description, outcome) => {
    expect(classifyRefusal(code, description)).toEqual(outcome);
  });

  it.each(ANSWERS)(
    'is the same in capitals, as Telegraf throws it: %i "%s"',
    (code, description, outcome) => {
      const error = new TelegramError({ error_code: code, description: description.toUpperCase() });
      expect(classifyError(error)).toEqual(outcome);
    },
  );

  it('is reached through every text of the table', () => {
    for (const { codes, texts, outcome } of ANSWER_TABLE) {
      for (const code of codes) {
        for (const text of texts) expect(classifyRefusal(code, `Bad Request: ${text}!`)).toEqual(outcome);
      }
    }
  });

  it('is delivered with the message id of an ok answer, and uncertain without one', () => {
    expect(classifyResult({ message_id: 7 })).toEqual({
      kind: 'delivered',
      messageId: 7,
    });
    for (const result of [undefined, null, true, {}, { message_id: '7' }, { message_id: 1.5 }]) {
      expect(classifyResult(result)).toEqual(uncertain('answer_without_message'));
    }
  });

  it('is migrated when the new id is named, as a number or a string of one', () => {
    const text = 'Bad Request: group chat was upgraded to a supergroup chat';
    const to = (id: unknown) => classifyRefusal(400, text, { migrate_to_chat_id: id });
    expect(to(-1001234567890)).toEqual({ kind: 'migrated', chatId: -1001234567890 });
    expect(to('-1001234567890')).toEqual({ kind: 'migrated', chatId: -1001234567890 });
    for (const id of [0, 'x', null, 1.5, 1e300])
      expect(to(id)).toEqual(failed('chat_migrated', 'unreachable'));
  });
});

describe('the wait of a 429', () => {
  const DAY_MS = 86_400_000;
  const wait = (retry_after: unknown, description = 'Too Many Requests') =>
    classifyRefusal(429, description, { retry_after });

  it.each([
    [14, 14_000],
    ['14', 14_000],
    [0.2, 200],
    [4 * 3_600, 4 * 3_600_000],
    [1e15, DAY_MS],
    [Number.POSITIVE_INFINITY, DAY_MS],
    [0, 5_000],
    [-3, 5_000],
    ['soon', 5_000],
    [Number.NaN, 5_000],
    [null, 5_000],
    [{}, 5_000],
  ])('retry_after %s is %i ms', (retryAfter, ms) => {
    expect(wait(retryAfter)).toEqual({ kind: 'flood_wait', retryAfterMs: ms });
  });

  it('is taken from the text when the parameters name none', () => {
    expect(classifyRefusal(429, 'Too Many Requests: retry after 33')).toMatchObject({
      retryAfterMs: 33_000,
    });
    expect(wait(-1, 'Too Many Requests: retry after 9')).toMatchObject({ retryAfterMs: 9_000 });
  });
});

describe('what nobody foresaw', () => {
  const anything = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.anything());

  it('has exactly one outcome, on the safe side', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 100, max: 700 }), anything),
        anything,
        anything,
        (code, text, parameters) => {
          const outcome = classifyRefusal(code, text, parameters);
          const isRefusal = typeof code === 'number' && Number.isInteger(code) && code >= 400 && code < 500;
          // Only a 4xx says that the alert did not arrive; nothing else may lead to a second send or a lost alert.
          expect(outcome.kind === 'uncertain').toBe(!isRefusal);
          expect(outcome.kind).not.toBe('delivered');
          expect(outcome.kind).not.toBe('never_sent');
          if ('reason' in outcome) expect(outcome.reason).toMatch(/^[a-z0-9_]+$/);
          if (outcome.kind === 'flood_wait') {
            expect(outcome.retryAfterMs).toBeGreaterThan(0);
            expect(outcome.retryAfterMs).toBeLessThanOrEqual(86_400_000);
          }
        },
      ),
      { seed: 7, numRuns: 2_000 },
    );
  });

  it('is uncertain when an answer or an error is no object of a known kind', () => {
    fc.assert(
      fc.property(anything, (thing) => {
        fc.pre(typeof thing !== 'object' || thing === null || Object.keys(thing).length === 0);
        expect(classifyError({ response: thing }).kind).toBe('uncertain');
        expect(classifyError(thing).kind).toBe('uncertain');
      }),
      { seed: 7 },
    );
  });
});
