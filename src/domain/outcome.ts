/**
 * What one call of a sending method of the Bot API came to. The taxonomy (src/telegram/outcomes.ts) maps every answer,
 * network fault and crash to exactly one of these; the delivery service acts on them.
 */
export type SendOutcome =
  /** Telegram answered ok. */
  | { readonly kind: 'delivered'; readonly messageId: number }
  /** 429: not sent. Wait `retryAfterMs` and send again; no attempt is used. */
  | { readonly kind: 'flood_wait'; readonly retryAfterMs: number }
  /** It provably never left this machine (refused connection, unknown name, failed TLS). No attempt is used. */
  | { readonly kind: 'never_sent'; readonly reason: string }
  /** The chat lives on under another id: store it and send again at once. */
  | { readonly kind: 'migrated'; readonly chatId: number }
  /** The forum topic is gone or closed: send again without it. */
  | { readonly kind: 'topic_gone' }
  /** Telegram refuses this form of the message, or says something that nobody knows: try the next simpler form. */
  | { readonly kind: 'payload_rejected'; readonly reason: string }
  /** The server takes no moments (`date_time`), as far as we know now: the same form once more, without them. */
  | { readonly kind: 'moments_refused' }
  /** It will never arrive. `chat` says what that means for the integration. */
  | { readonly kind: 'failed'; readonly reason: string; readonly chat: ChatEffect }
  /** Telegram may have it (timeout, reset, 5xx, unreadable answer). Never resent automatically. */
  | { readonly kind: 'uncertain'; readonly reason: string }
  /** The bot's token is not valid here (401, 404, logged out): stop the worker, keep the queue. */
  | { readonly kind: 'halt'; readonly reason: string };

/** `unreachable` at once; `suspect`: unreachable after SUSPECT_LIMIT such failures in a row; `none`: no effect. */
export type ChatEffect = 'unreachable' | 'suspect' | 'none';

/** Telegram once answered "not enough rights" to everybody by mistake: only repeats count. */
export const SUSPECT_LIMIT = 3;
