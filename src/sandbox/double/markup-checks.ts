import { isRecord, readJson } from './payload.ts';
import { badRequest } from './refusals.ts';
import type { InlineButton, InlineKeyboard, Payload } from './types.ts';

/** Telegram's limit for all buttons of one inline keyboard. */
const MAX_BUTTONS = 100;
const MAX_CALLBACK_BYTES = 64;
const MAX_COPY_LENGTH = 256;
const ACTIONS = [
  'url',
  'callback_data',
  'copy_text',
  'web_app',
  'login_url',
  'switch_inline_query',
  'switch_inline_query_current_chat',
  'switch_inline_query_chosen_chat',
  'pay',
];

function checkUrl(url: unknown): void {
  const parsed = typeof url === 'string' ? tryUrl(url) : null;
  // Telegram wants a host with a dot: http://localhost is refused there, too.
  const ok =
    parsed !== null &&
    (/^(tg|mailto|tel):$/.test(parsed.protocol) ||
      (/^https?:$/.test(parsed.protocol) && /\.|^\[/.test(parsed.hostname)));
  if (!ok) throw badRequest(`inline keyboard button URL '${String(url)}' is invalid: Wrong HTTP URL`);
}

function tryUrl(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

function checkButton(button: unknown): InlineButton {
  if (!isRecord(button)) throw badRequest("can't parse inline keyboard button: expected an Object");
  if (typeof button.text !== 'string' || button.text === '')
    throw badRequest('can\'t parse inline keyboard button: Can\'t find field "text"');
  if (!ACTIONS.some((action) => action in button))
    throw badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
  if ('callback_data' in button) {
    const bytes = typeof button.callback_data === 'string' ? Buffer.byteLength(button.callback_data) : 0;
    if (bytes < 1 || bytes > MAX_CALLBACK_BYTES) throw badRequest('BUTTON_DATA_INVALID');
  }
  if ('url' in button) checkUrl(button.url);
  if ('copy_text' in button) {
    const copy = button.copy_text;
    const length = isRecord(copy) && typeof copy.text === 'string' ? [...copy.text].length : 0;
    if (length < 1 || length > MAX_COPY_LENGTH) throw badRequest('BUTTON_COPY_TEXT_INVALID');
  }
  return button as InlineButton; // checked above
}

/**
 * The inline keyboard of a call. Other markups (`keyboard`, `remove_keyboard`, `force_reply`) are taken and not kept:
 * a message of a bot does not show them. @throws Refusal 400
 */
export function checkMarkup(payload: Payload): InlineKeyboard | undefined {
  const markup = readJson(payload, 'reply_markup');
  if (markup === undefined) return undefined;
  if (!isRecord(markup)) throw badRequest('object expected as reply markup');
  const rows = markup.inline_keyboard;
  if (rows === undefined) return undefined;
  if (!Array.isArray(rows))
    throw badRequest('field "inline_keyboard" of the InlineKeyboardMarkup must be of type Array');
  const keyboard = rows.map((row: unknown) => {
    if (!Array.isArray(row)) throw badRequest("can't parse inline keyboard button: row must be an Array");
    return row.map(checkButton);
  });
  const filled = keyboard.filter((row) => row.length > 0);
  if (filled.flat().length > MAX_BUTTONS) throw badRequest('reply markup is too long');
  return filled.length > 0 ? { inline_keyboard: filled } : undefined;
}
