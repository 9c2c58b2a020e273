import type { ChatEffect, SendOutcome } from '../domain/outcome.ts';
import { classifyNetworkError } from './network-faults.ts';

/** What a refusal of a sending method may hold; nothing in it is trusted. */
interface Refusal {
  readonly error_code?: unknown;
  readonly description?: unknown;
  readonly parameters?: unknown;
}

/** One row: an answer with one of `codes` whose description holds one of `texts` (lower case) has this outcome. */
interface AnswerRow {
  readonly codes: readonly number[];
  readonly texts: readonly string[];
  readonly outcome: SendOutcome;
}

/** Milliseconds to wait when a 429 names no usable time. Chats allow about one message a second; 5 s is past a burst. */
const DEFAULT_FLOOD_WAIT_MS = 5_000;
/**
 * Longest flood wait that is believed, in milliseconds: 24 h. Hours occur; after a day, asking again costs one more 429
 * at most, while a mistaken number would hold the chat's alerts forever (and overflow timers).
 */
const MAX_FLOOD_WAIT_MS = 86_400_000;

/** Codes of refusals that may be about the message; the others (409 and its like) are about the call. */
const MESSAGE_CODES: readonly number[] = [400, 403];

const failed = (reason: string, chat: ChatEffect): SendOutcome => ({ kind: 'failed', reason, chat });
const rejected = (reason: string): SendOutcome => ({ kind: 'payload_rejected', reason });

/**
 * Refusals by their text; the first row that fits counts. Texts: the Bot API server's source and its known answers
 * (4xx always means: not delivered). A 403 or 400 of the same text means the same, the code has changed over the years.
 */
export const ANSWER_TABLE: readonly AnswerRow[] = [
  // The chat cannot be reached until a person acts.
  row(['group chat was upgraded to a supergroup chat'], failed('chat_migrated', 'unreachable')),
  row(['chat not found', 'peer_id_invalid', 'chat_id_invalid'], failed('chat_not_found', 'unreachable')),
  row(['bot was blocked by the user', 'user_is_blocked'], failed('bot_blocked', 'unreachable')),
  row(['user is deactivated', 'input_user_deactivated'], failed('user_deactivated', 'unreachable')),
  row(["bot can't initiate conversation with a user"], failed('bot_not_started', 'unreachable')),
  row(
    ["bot can't send messages to bots", "bots can't send messages to bots"],
    failed('chat_is_bot', 'unreachable'),
  ),
  row(['bot was kicked from the'], failed('bot_kicked', 'unreachable')),
  row(['bot is not a member of the'], failed('bot_not_member', 'unreachable')),
  row(['group chat was deleted', 'group chat was deactivated'], failed('chat_deleted', 'unreachable')),
  // Rights: Telegram once said so to everybody by mistake, so only repeats count.
  row(['not enough rights'], failed('no_rights', 'suspect')),
  row(['no write access to the chat', 'chat_write_forbidden'], failed('no_write_access', 'suspect')),
  row(['need administrator rights', 'chat_admin_required'], failed('not_administrator', 'suspect')),
  row(['chat_restricted'], failed('chat_restricted', 'suspect')),
  // The forum topic.
  row(['message thread not found', 'topic_closed', 'topic_deleted', 'the chat is not a forum'], {
    kind: 'topic_gone',
  }),
  // This form of the message. A chat that takes no text may take a file, and the other way round.
  row(['chat_send_plain_forbidden'], rejected('text_forbidden')),
  row(['chat_send_docs_forbidden'], rejected('documents_forbidden')),
  row(
    ["can't parse entities", 'wrong message entity', 'entity_', 'entities_', 'utf-16'],
    rejected('entities_invalid'),
  ),
  row(['message is too long', 'caption is too long', 'media_caption_too_long'], rejected('text_too_long')),
  row(['message text is empty', 'text must be non-empty', 'message_empty'], rejected('text_empty')),
  row(['must be encoded in utf-8'], rejected('text_not_utf8')),
  row(
    [
      ...['button_data_invalid', 'button_type_invalid', 'button_url_invalid', 'button_user_invalid'],
      ...['button_user_privacy_restricted', 'inline keyboard button'],
    ],
    rejected('button_invalid'),
  ),
  row(
    ['wrong http url', 'unsupported url protocol', 'url host is empty', 'url_invalid'],
    rejected('url_invalid'),
  ),
  row(
    ['reply markup is too long', "can't parse reply keyboard markup", 'reply_markup_invalid'],
    rejected('reply_markup_invalid'),
  ),
  row(['message to be replied not found', 'reply message not found'], rejected('reply_not_found')),
  row(
    ['file must be non-empty', 'request entity too large', 'file is too big'],
    rejected('document_invalid'),
    [413],
  ),
  // Nothing to do.
  row(['message is not modified'], failed('message_not_modified', 'none')),
  // Of an edit: only a new message can say it.
  row(
    [
      ...['message to edit not found', "message can't be edited", 'message_id_invalid'],
      'there is no text in the message to edit',
    ],
    failed('message_gone', 'none'),
  ),
  row(['query is too old', 'query id is invalid'], failed('query_expired', 'none')),
];

function row(texts: readonly string[], outcome: SendOutcome, moreCodes: readonly number[] = []): AnswerRow {
  return { codes: [...MESSAGE_CODES, ...moreCodes], texts, outcome };
}

/** The outcome of a refusal, whatever it holds. Reasons are our words, never Telegram's text. */
function classifyRefusal({ error_code: code, description, parameters }: Refusal): SendOutcome {
  if (!isClientError(code)) return { kind: 'uncertain', reason: serverFault(code) };
  const text = typeof description === 'string' ? description.toLowerCase() : '';
  const hints = isObject(parameters) ? parameters : {};
  if (code === 401) return { kind: 'halt', reason: 'token_unauthorized' };
  if (code === 404) return { kind: 'halt', reason: 'token_not_found' };
  // After logOut the bot belongs to another Bot API server: all its calls are answered so, until it is back.
  if (text.includes('logged out')) return { kind: 'halt', reason: 'bot_logged_out' };
  if (code === 429) return { kind: 'flood_wait', retryAfterMs: floodWaitMs(hints.retry_after, text) };
  const migratedTo = toChatId(hints.migrate_to_chat_id);
  if (migratedTo !== undefined) return { kind: 'migrated', chatId: migratedTo };
  const known = ANSWER_TABLE.find(
    (row) => row.codes.includes(code) && row.texts.some((part) => text.includes(part)),
  );
  if (known !== undefined) return known.outcome;
  // The list of refusals is open: what none of ours names may be about the form, and a simpler one may pass.
  return MESSAGE_CODES.includes(code) ? rejected(`telegram_${code}`) : failed(`telegram_${code}`, 'none');
}

/** The outcome of what `telegram.callApi` threw. Never throws. Anything unknown is uncertain: never sent twice. */
export function classifyError(error: unknown): SendOutcome {
  const response = isObject(error) ? error.response : undefined;
  return isObject(response) ? classifyRefusal(response) : classifyNetworkError(error);
}

/** The outcome of the `result` of an ok answer. Without a message id we cannot tell what Telegram made of it. */
export function classifyResult(result: unknown): SendOutcome {
  const id = isObject(result) ? result.message_id : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id)
    ? { kind: 'delivered', messageId: id }
    : { kind: 'uncertain', reason: 'answer_without_message' };
}

/** Milliseconds of a 429's `retry_after` (seconds, or the number in its text), within the bounds above. */
function floodWaitMs(retryAfter: unknown, text: string): number {
  const seconds = [retryAfter, /retry after (\d+)/.exec(text)?.[1]].map(toNumber).find((value) => value > 0);
  return seconds === undefined
    ? DEFAULT_FLOOD_WAIT_MS
    : Math.min(Math.ceil(seconds * 1000), MAX_FLOOD_WAIT_MS);
}

function toChatId(value: unknown): number | undefined {
  const id = toNumber(value);
  return Number.isSafeInteger(id) && id !== 0 ? id : undefined;
}

/** A number, or a string of one; else NaN. */
function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : Number.NaN;
}

function isClientError(code: unknown): code is number {
  return typeof code === 'number' && Number.isInteger(code) && code >= 400 && code < 500;
}

function serverFault(code: unknown): string {
  const isServerError = typeof code === 'number' && Number.isInteger(code) && code >= 500 && code < 600;
  return isServerError ? `telegram_${code}` : 'answer_unreadable';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
