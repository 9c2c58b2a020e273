import { TelegramError } from 'telegraf';

/** What a failed call of the Bot API means for whoever reads updates. */
export type ApiFault =
  /** 401, 404: the token is not valid, or no longer; "Logged out": not at this Bot API server. */
  | { readonly kind: 'unauthorized' }
  /** 409: a second poller, or a webhook is set (`webhook`). */
  | { readonly kind: 'conflict'; readonly webhook: boolean }
  /** 429: wait this long. */
  | { readonly kind: 'flood'; readonly waitMs: number }
  /** Another 4xx: Telegram does not take the call as it is. */
  | { readonly kind: 'refused' }
  /** Everything else: no connection, timeout, 5xx, unreadable answer. */
  | { readonly kind: 'unreachable' };

export function classifyFault(error: unknown): ApiFault {
  if (!(error instanceof TelegramError)) return { kind: 'unreachable' };
  if (/logged out/i.test(error.description)) return { kind: 'unauthorized' };
  switch (error.code) {
    case 401:
    case 404:
      return { kind: 'unauthorized' };
    case 409:
      return { kind: 'conflict', webhook: /webhook/i.test(error.description) };
    case 429:
      return { kind: 'flood', waitMs: floodWaitMs(error) ?? 1_000 };
    default:
      return { kind: error.code >= 400 && error.code < 500 ? 'refused' : 'unreachable' };
  }
}

/** Milliseconds that a 429 asks to wait; undefined for every other error. */
export function floodWaitMs(error: unknown): number | undefined {
  if (!(error instanceof TelegramError) || error.code !== 429) return undefined;
  return Math.max(1, error.response.parameters?.retry_after ?? 1) * 1000;
}

/** 403: the person blocked the bot, never started it, or the bot was removed from the chat. 400: it may not write there. */
export function isForbidden(error: unknown): boolean {
  if (!(error instanceof TelegramError)) return false;
  return (
    error.code === 403 ||
    /not enough rights|need administrator rights|no write access|CHAT_WRITE_FORBIDDEN|chat not found/i.test(
      error.description,
    )
  );
}

/** Answers that leave nothing to do: the button was pressed twice, or too long ago. */
export function isHarmless(error: unknown): boolean {
  return (
    error instanceof TelegramError &&
    /message is not modified|query is too old|query id is invalid/i.test(error.description)
  );
}

/** The message was deleted, or Telegram lets nobody change it any more: say it in a new one. */
export function isUneditable(error: unknown): boolean {
  return (
    error instanceof TelegramError &&
    /message to edit not found|message can't be edited/i.test(error.description)
  );
}
