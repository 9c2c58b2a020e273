import { botAsMember } from './chat-methods.ts';
import { type ChatRecord, type DoubleState, newChatRecord, toApi } from './state.ts';
import { commandEntities } from './text-checks.ts';
import type { BotStatus, Chat, MemberStatus, StoredMessage, User } from './types.ts';
import type { UpdateQueue } from './updates.ts';

interface SendOptions {
  readonly threadId?: number;
  readonly replyTo?: number;
}

/** What the people in the chats do, and what the bot is told of it. All methods throw an Error for unknown chats. */
export interface People {
  addChat(chat: Chat): void;
  /** @param isAnonymous an administrator whose name is not shown in the chat; default false */
  addMember(chatId: number, user: User, status?: MemberStatus, isAnonymous?: boolean): void;
  addTopic(chatId: number, threadId: number, name: string): void;
  setTopicClosed(chatId: number, threadId: number, closed: boolean): void;
  userSends(chatId: number, text: string, from?: User, options?: SendOptions): StoredMessage;
  /** @param canPost as an administrator of a channel; default true */
  setBotStatus(chatId: number, status: BotStatus, by?: User, canPost?: boolean): void;
  migrateChat(from: number, to: number): void;
  person(record: ChatRecord, from?: User): User;
  /** Who acts in groups when no other is named. */
  you(): User;
  /** From now on you use Telegram in this language (two letters). */
  speak(language: string): void;
}

/** Telegram tells the bot nothing of these two: it learns them from a 403. */
const SILENT_STATUSES: ReadonlySet<BotStatus> = new Set(['deactivated', 'deleted']);
const OUTSIDE: ReadonlySet<BotStatus> = new Set(['left', 'kicked', 'blocked', 'deactivated', 'deleted']);

/** @param first the person who acts in groups when no other is named */
export function createPeople(state: DoubleState, updates: UpdateQueue, first: User): People {
  let you = first;
  const person = (record: ChatRecord, from?: User): User => {
    if (from) return from;
    if (record.chat.type !== 'private') return you;
    return (
      record.members.get(record.chat.id)?.user ?? {
        id: record.chat.id,
        is_bot: false,
        first_name: record.chat.first_name ?? 'User',
        ...(record.chat.username ? { username: record.chat.username } : {}),
        language_code: 'en',
      }
    );
  };

  /** Privacy mode, Telegram's default: in groups a bot that is no administrator sees what is addressed to it. */
  const seenByBot = (record: ChatRecord, message: StoredMessage): boolean => {
    if (OUTSIDE.has(record.botStatus)) return false;
    if (record.chat.type === 'channel') return record.botStatus === 'administrator';
    if (record.chat.type === 'private' || record.botStatus === 'administrator') return true;
    const text = message.text ?? '';
    const name = (state.bot.username ?? '').toLowerCase();
    const addressee = /^\/\w+@(\w+)/.exec(text)?.[1]?.toLowerCase();
    if (text.startsWith('/')) return addressee === undefined || addressee === name;
    return message.reply_to_message?.from?.id === state.bot.id || text.toLowerCase().includes(`@${name}`);
  };

  const setBotStatus: People['setBotStatus'] = (chatId, status, by, canPost = true) => {
    const record = state.chat(chatId);
    const before = botAsMember(state.bot, record);
    record.botStatus = status;
    record.botCanPost = canPost;
    if (!SILENT_STATUSES.has(status))
      updates.push('my_chat_member', {
        chat: record.chat,
        from: person(record, by),
        date: state.date(),
        old_chat_member: before,
        new_chat_member: botAsMember(state.bot, record),
      });
    state.emit({ type: 'chat', chatId });
  };

  const service = (
    record: ChatRecord,
    content: { migrate_to_chat_id?: number; migrate_from_chat_id?: number },
  ) => {
    const message = state.append(record, { from: you, ...content });
    updates.push('message', toApi(message));
  };

  return {
    person,
    you: () => you,
    speak(language) {
      you = { ...you, language_code: language };
      for (const { members } of state.chats.values()) {
        const member = members.get(you.id);
        if (member) members.set(you.id, { ...member, user: you });
      }
      state.emit({ type: 'commands' });
    },
    addChat(chat) {
      const known = state.chats.get(chat.id);
      if (known) known.chat = chat;
      else state.chats.set(chat.id, newChatRecord(chat));
      state.emit({ type: 'chat', chatId: chat.id });
    },
    addMember(chatId, user, status = 'member', isAnonymous = false) {
      const leads = status === 'creator' || status === 'administrator';
      state
        .chat(chatId)
        .members.set(user.id, { user, status, ...(leads ? { is_anonymous: isAnonymous } : {}) });
    },
    addTopic(chatId, threadId, name) {
      const record = state.chat(chatId);
      record.chat = { ...record.chat, is_forum: true };
      record.topics.set(threadId, { name, closed: false });
      state.emit({ type: 'chat', chatId });
    },
    setTopicClosed(chatId, threadId, closed) {
      const topic = state.chat(chatId).topics.get(threadId);
      if (!topic) throw new Error(`Chat ${chatId} has no topic ${threadId}`);
      state.chat(chatId).topics.set(threadId, { ...topic, closed });
    },
    userSends(chatId, text, from, options = {}) {
      const record = state.chat(chatId);
      const sender = person(record, from);
      if (!record.members.has(sender.id)) record.members.set(sender.id, { user: sender, status: 'member' });
      // Writing to a bot that one has blocked means to press "Restart" first.
      if (record.chat.type === 'private' && (record.botStatus === 'blocked' || record.botStatus === 'kicked'))
        setBotStatus(chatId, 'member');
      const entities = commandEntities(text);
      const reply = options.replyTo === undefined ? undefined : record.messages.get(options.replyTo);
      const message = state.append(record, {
        from: sender,
        text,
        ...(entities.length > 0 ? { entities } : {}),
        ...(options.threadId === undefined
          ? {}
          : { message_thread_id: options.threadId, is_topic_message: true as const }),
        ...(reply ? { reply_to_message: toApi(reply) } : {}),
      });
      const kind = record.chat.type === 'channel' ? 'channel_post' : 'message';
      if (seenByBot(record, message)) updates.push(kind, toApi(message));
      return message;
    },
    setBotStatus,
    migrateChat(from, to) {
      const old = state.chat(from);
      const next = newChatRecord({ ...old.chat, id: to, type: 'supergroup' });
      next.botStatus = old.botStatus;
      for (const [id, member] of old.members) next.members.set(id, member);
      state.chats.set(to, next);
      service(old, { migrate_to_chat_id: to });
      old.migratedTo = to;
      service(next, { migrate_from_chat_id: from });
      state.emit({ type: 'chat', chatId: to });
    },
  };
}
