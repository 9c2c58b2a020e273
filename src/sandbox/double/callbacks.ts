import type { Method } from './method.ts';
import { readFlag, readString } from './payload.ts';
import { badRequest } from './refusals.ts';
import type { ChatRecord, DoubleState } from './state.ts';
import { toApi } from './state.ts';
import type { CallbackAnswer, User } from './types.ts';
import type { UpdateQueue } from './updates.ts';

/** A callback query can be answered this long (telegram.md). */
const CALLBACK_LIFE_MS = 150_000;
const MAX_ANSWER_LENGTH = 200;

export interface Callbacks {
  /** @throws Error when the message has no such button */
  press(record: ChatRecord, messageId: number, data: string, from: User): string;
  answer(callbackId: string): CallbackAnswer | undefined;
  readonly answerCallbackQuery: Method;
}

export function createCallbacks(state: DoubleState, updates: UpdateQueue, now: () => number): Callbacks {
  const open = new Map<string, { chatId: number; messageId: number; at: number }>();
  const answers = new Map<string, CallbackAnswer>();
  let nextId = 1;

  const forgetOld = (): void => {
    for (const [id, { at }] of open)
      if (now() - at > CALLBACK_LIFE_MS) {
        open.delete(id);
        answers.delete(id);
      }
  };

  return {
    press(record, messageId, data, from) {
      const message = record.messages.get(messageId);
      const buttons = message?.reply_markup?.inline_keyboard.flat() ?? [];
      if (!message || !buttons.some((button) => button.callback_data === data))
        throw new Error(`Message ${messageId} has no button with the data "${data}"`);
      forgetOld();
      const id = String(nextId++);
      open.set(id, { chatId: record.chat.id, messageId, at: now() });
      const content = { id, from, message: toApi(message), chat_instance: String(record.chat.id), data };
      updates.push('callback_query', content);
      return id;
    },
    answer: (callbackId) => answers.get(callbackId),
    answerCallbackQuery(payload) {
      forgetOld();
      const callbackId = readString(payload, 'callback_query_id') ?? '';
      const query = open.get(callbackId);
      if (!query) throw badRequest('query is too old and response timeout expired or query ID is invalid');
      const text = readString(payload, 'text') ?? null;
      if (text !== null && [...text].length > MAX_ANSWER_LENGTH) throw badRequest('MESSAGE_TOO_LONG');
      const answer: CallbackAnswer = {
        callbackId,
        chatId: query.chatId,
        messageId: query.messageId,
        text,
        showAlert: readFlag(payload, 'show_alert'),
      };
      answers.set(callbackId, answer);
      state.emit({ type: 'callback-answer', ...answer });
      return true;
    },
  };
}
