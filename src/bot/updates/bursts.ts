import { LRUCache } from 'lru-cache';
import type { Update } from 'telegraf/types';
import type { Turn } from './dispatcher.ts';

/** Bounds the memory that many chats can take. Beyond it, the chat seen longest ago is dropped. */
const MAX_CHATS = 10_000;

export interface Bursts {
  /** An answer to the chat has to wait for so long, in ms. */
  delayed(chatId: number, ms: number): void;
  /**
   * True for a command that is not carried out: answers to its chat have to wait, and there is a newer command. So the
   * first ones and the newest are answered. Else their line would grow without bound, and hold up the updates of others,
   * which Telegram hands out 100 at a time. What is no text (a member's change, a group's new id, a button) is always
   * handled.
   */
  isLeftOut(update: Update, turn: Turn | undefined): boolean;
}

/** `onDropped`: told of each that is left out. */
export function createBursts(deps: { onDropped(chatId: number): void }): Bursts {
  const busy = new LRUCache<number, true>({ max: MAX_CHATS, ttlResolution: 0 });

  return {
    delayed: (chatId, ms) => void busy.set(chatId, true, { ttl: ms }),

    isLeftOut(update, turn) {
      if (turn === undefined || turn.isNewest()) return false;
      const message = textMessage(update);
      if (message === undefined || !busy.has(message.chat.id)) return false;
      deps.onDropped(message.chat.id);
      return true;
    },
  };
}

function textMessage(update: Update) {
  const message =
    'message' in update ? update.message : 'channel_post' in update ? update.channel_post : undefined;
  return message !== undefined && 'text' in message ? message : undefined;
}
