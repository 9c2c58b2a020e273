import type { Update } from 'telegraf/types';

export interface Dispatcher {
  /**
   * Handles the update after all earlier ones of its chat. 'skipped' if the signal was aborted before its turn came.
   * Rejects as `handle` does.
   */
  dispatch(update: Update, signal?: AbortSignal): Promise<'handled' | 'skipped'>;
  /** Updates that wait or are being handled. */
  size(): number;
}

/** In order per chat, at most `concurrency` chats at once. */
export function createDispatcher(deps: {
  handle: (update: Update) => Promise<void>;
  concurrency?: number;
}): Dispatcher {
  const concurrency = deps.concurrency ?? 8;
  const tails = new Map<string, Promise<unknown>>();
  const waiting: (() => void)[] = [];
  let running = 0;
  let size = 0;

  async function inSlot(update: Update, signal: AbortSignal | undefined): Promise<'handled' | 'skipped'> {
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      if (signal?.aborted) return 'skipped';
      await deps.handle(update);
      return 'handled';
    } finally {
      // The slot is handed on, not freed, if somebody waits for it.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  return {
    size: () => size,
    async dispatch(update, signal) {
      const key = chatKey(update);
      const turn = (tails.get(key) ?? Promise.resolve()).then(() => inSlot(update, signal));
      const tail = turn.catch(() => undefined);
      tails.set(key, tail);
      size++;
      try {
        return await turn;
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
