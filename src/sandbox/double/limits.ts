/**
 * Telegram's published limits (core.telegram.org/bots/faq, telegram.md): about one message per second in one chat with
 * short bursts allowed, 20 messages per minute in one group, about 30 messages per second for the bot. Edits have the same
 * limits per chat and group, counted apart; the bot's calls per second count both.
 */
export interface LimitOptions {
  readonly chatPerSecond: number;
  /** Messages that one chat takes at once before the rate counts. */
  readonly chatBurst: number;
  readonly groupPerMinute: number;
  readonly botPerSecond: number;
}

export const TELEGRAM_LIMITS: LimitOptions = {
  chatPerSecond: 1,
  chatBurst: 3,
  groupPerMinute: 20,
  botPerSecond: 30,
};

export type Counted = 'send' | 'edit';

export interface SendLimits {
  /** Whole seconds to wait, or 0 when the send is allowed (and now counted). A refused one is not counted. */
  admit(kind: Counted, chatId: number, isGroup: boolean): number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** @param now milliseconds of a clock that never goes back */
export function createSendLimits(now: () => number, options: LimitOptions = TELEGRAM_LIMITS): SendLimits {
  const chats = new Map<string, Bucket>();
  const groups = new Map<string, number[]>();
  let sent: number[] = [];

  const waitForWindow = (times: readonly number[], limit: number, windowMs: number, at: number): number => {
    const oldest = times.length >= limit ? times[times.length - limit] : undefined;
    return oldest === undefined ? 0 : Math.max(0, oldest + windowMs - at);
  };

  return {
    admit(kind, chatId, isGroup) {
      const at = now();
      const key = `${kind} ${chatId}`;
      const bucket = chats.get(key) ?? { tokens: options.chatBurst, at };
      const tokens = Math.min(
        options.chatBurst,
        bucket.tokens + ((at - bucket.at) / 1000) * options.chatPerSecond,
      );
      sent = sent.filter((time) => time > at - 1000);
      const group = (groups.get(key) ?? []).filter((time) => time > at - 60_000);
      const waitMs = Math.max(
        tokens >= 1 ? 0 : ((1 - tokens) / options.chatPerSecond) * 1000,
        waitForWindow(sent, options.botPerSecond, 1000, at),
        isGroup ? waitForWindow(group, options.groupPerMinute, 60_000, at) : 0,
      );
      if (waitMs > 0) return Math.max(1, Math.ceil(waitMs / 1000));
      chats.set(key, { tokens: tokens - 1, at });
      sent.push(at);
      if (isGroup) groups.set(key, [...group, at]);
      return 0;
    },
  };
}
