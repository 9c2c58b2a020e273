import { bulkhead } from 'cockatiel';
import type { Update } from 'telegraf/types';

/** What is known of an update when its turn has come. */
export interface Turn {
  /** Nothing newer of its chat has arrived. */
  isNewest(): boolean;
}

interface Dispatcher {
  /**
   * Handles the update after all earlier ones of its chat. 'skipped' if the signal was aborted before its turn came.
   * Rejects as `handle` does.
   */
  dispatch(update: Update, signal?: AbortSignal): Promise<'handled' | 'skipped'>;
  /** Updates that wait or are being handled. */
  size(): number;
}

/** Chats that are handled at once. A reply may hang for TELEGRAM_TIMEOUT_MS: so many may, before others wait for them. */
const CONCURRENCY = 50;

/** In order per chat, at most `concurrency` chats at once. */
export function createDispatcher(deps: {
  handle: (update: Update, turn: Turn) => Promise<void>;
  concurrency?: number;
}): Dispatcher {
  const slots = bulkhead(deps.concurrency ?? CONCURRENCY, Number.POSITIVE_INFINITY);
  const tails = new Map<string, Promise<unknown>>();
  let size = 0;

  async function take(
    update: Update,
    turn: Turn,
    signal: AbortSignal | undefined,
  ): Promise<'handled' | 'skipped'> {
    if (signal?.aborted) return 'skipped';
    await deps.handle(update, turn);
    return 'handled';
  }

  return {
    size: () => size,
    async dispatch(update, signal) {
      const key = chatKey(update);
      const isNewest = () => tails.get(key) === tail;
      const done = (tails.get(key) ?? Promise.resolve()).then(() =>
        slots.execute(() => take(update, { isNewest }, signal)),
      );
      const tail: Promise<unknown> = done.catch(() => undefined);
      tails.set(key, tail);
      size++;
      try {
        return await done;
      } finally {
        size--;
        if (tails.get(key) === tail) tails.delete(key);
      }
    },
  };
}

function chatKey(update: Update): string {
  if ('message' in update) return String(update.message.chat.id);
  if ('channel_post' in update) return String(update.channel_post.chat.id);
  if ('my_chat_member' in update) return String(update.my_chat_member.chat.id);
  if ('callback_query' in update) {
    return String(update.callback_query.message?.chat.id ?? update.callback_query.from.id);
  }
  return 'other';
}
