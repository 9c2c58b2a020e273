import { randomUUID } from 'node:crypto';
import type { BotStatus, Chat, DoubleEvent, Member, Message, StoredMessage, User } from './types.ts';

/** Documents are kept in memory up to this many bytes; the oldest contents go first. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

interface Topic {
  readonly name: string;
  readonly closed: boolean;
}

export interface ChatRecord {
  chat: Chat;
  botStatus: BotStatus;
  /** As an administrator of a channel. */
  botCanPost: boolean;
  migratedTo: number | undefined;
  nextMessageId: number;
  readonly members: Map<number, Member>;
  readonly topics: Map<number, Topic>;
  readonly messages: Map<number, StoredMessage>;
}

export type MessageContent = Omit<Message, 'message_id' | 'chat' | 'date'> & { readonly silent?: boolean };

/** Everything that the double remembers, bounded. Holds no rules of the Bot API. */
export interface DoubleState {
  readonly bot: User;
  readonly chats: Map<number, ChatRecord>;
  /** Epoch seconds. */
  date(): number;
  emit(event: DoubleEvent): void;
  onEvent(listener: (event: DoubleEvent) => void): () => void;
  /** @throws Error for an unknown chat: a mistake of the test or page */
  chat(chatId: number): ChatRecord;
  append(record: ChatRecord, content: MessageContent): StoredMessage;
  replace(record: ChatRecord, message: StoredMessage): void;
  remove(record: ChatRecord, messageId: number): boolean;
  /** What was kept of an earlier life: messages, oldest first, and the id of the next one. Nobody is told. */
  restore(record: ChatRecord, messages: readonly StoredMessage[], nextMessageId: number): void;
  /** @param fileId that of an earlier life; default a new one */
  saveFile(content: Buffer, fileId?: string): string;
  file(fileId: string): Buffer | undefined;
}

export function newChatRecord(chat: Chat): ChatRecord {
  return {
    chat,
    // A bot is in a channel as an administrator only.
    botStatus: chat.type === 'channel' ? 'administrator' : 'member',
    botCanPost: true,
    migratedTo: undefined,
    nextMessageId: 1,
    members: new Map(),
    topics: new Map(),
    messages: new Map(),
  };
}

/** @param maxMessages the oldest messages over all chats are forgotten beyond it */
export function createState(bot: User, maxMessages: number, now: () => number): DoubleState {
  const chats = new Map<number, ChatRecord>();
  const listeners = new Set<(event: DoubleEvent) => void>();
  const files = new Map<string, Buffer>();
  let fileBytes = 0;
  let order: { record: ChatRecord; messageId: number }[] = [];

  const emit = (event: DoubleEvent): void => {
    for (const listener of [...listeners]) listener(event);
  };

  const forgetOldest = (): void => {
    // In batches of a tenth, so that a long run does not shift the list at every message.
    if (order.length <= maxMessages + Math.ceil(maxMessages / 10)) return;
    const excess = order.length - maxMessages;
    for (const { record, messageId } of order.slice(0, excess)) record.messages.delete(messageId);
    order = order.slice(excess);
  };

  return {
    bot,
    chats,
    date: () => Math.floor(now() / 1000),
    emit,
    onEvent(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    chat(chatId) {
      const record = chats.get(chatId);
      if (!record) throw new Error(`The double has no chat ${chatId}: addChat first`);
      return record;
    },
    append(record, { silent, ...content }) {
      const message: StoredMessage = {
        message_id: record.nextMessageId++,
        chat: record.chat,
        date: Math.floor(now() / 1000),
        ...content,
        silent: silent ?? false,
      };
      record.messages.set(message.message_id, message);
      order.push({ record, messageId: message.message_id });
      forgetOldest();
      emit({ type: 'message', chatId: record.chat.id, message });
      return message;
    },
    replace(record, message) {
      record.messages.set(message.message_id, message);
      emit({ type: 'edited', chatId: record.chat.id, message });
    },
    remove(record, messageId) {
      const removed = record.messages.delete(messageId);
      if (removed) emit({ type: 'deleted', chatId: record.chat.id, messageId });
      return removed;
    },
    restore(record, messages, nextMessageId) {
      record.nextMessageId = nextMessageId;
      for (const message of messages) {
        record.messages.set(message.message_id, message);
        order.push({ record, messageId: message.message_id });
      }
    },
    saveFile(content, fileId = `file-${randomUUID()}`) {
      files.set(fileId, content);
      fileBytes += content.length;
      for (const [oldest, bytes] of files) {
        if (fileBytes <= MAX_FILE_BYTES || oldest === fileId) break;
        files.delete(oldest);
        fileBytes -= bytes.length;
      }
      return fileId;
    },
    file: (fileId) => files.get(fileId),
  };
}

/** The message as the Bot API shows it to the bot. */
export function toApi({ silent: _silent, ...message }: StoredMessage): Message {
  if (message.chat.type !== 'channel') return message;
  const { from: _from, ...post } = message;
  return { ...post, sender_chat: message.chat };
}
