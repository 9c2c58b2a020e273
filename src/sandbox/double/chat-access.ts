import { readInteger, readString } from './payload.ts';
import { badRequest, forbidden, type Refusal } from './refusals.ts';
import type { ChatRecord, DoubleState } from './state.ts';
import type { BotStatus, Chat, Payload, StoredMessage } from './types.ts';

const GONE: Readonly<Partial<Record<BotStatus, (type: Chat['type']) => Refusal>>> = {
  blocked: () => forbidden('bot was blocked by the user'),
  deactivated: () => forbidden('user is deactivated'),
  deleted: () => forbidden('the group chat was deleted'),
  kicked: (type) =>
    forbidden(type === 'private' ? 'bot was blocked by the user' : `bot was kicked from the ${type} chat`),
  left: (type) => forbidden(`bot is not a member of the ${type} chat`),
};

/** The chat of a call by id or @username. @throws Refusal 400; 403 for a person who has no chat with the bot */
export function findChat(state: DoubleState, payload: Payload): ChatRecord {
  const given = readString(payload, 'chat_id');
  if (given === undefined || given === '') throw badRequest('chat_id is empty');
  const id = readInteger(payload, 'chat_id');
  const record =
    id !== undefined
      ? state.chats.get(id)
      : [...state.chats.values()].find(({ chat }) => chat.username && `@${chat.username}` === given);
  if (record) return record;
  const isPerson = [...state.chats.values()].some(({ members }) => id !== undefined && members.has(id));
  throw isPerson ? forbidden("bot can't initiate conversation with a user") : badRequest('chat not found');
}

/** The chat, when the bot may be there. @throws Refusal 400 (unknown, upgraded), 403 (blocked, kicked, …) */
export function openChat(state: DoubleState, payload: Payload): ChatRecord {
  const record = findChat(state, payload);
  if (record.migratedTo !== undefined)
    throw badRequest('group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: record.migratedTo,
    });
  const gone = GONE[record.botStatus]?.(record.chat.type);
  if (gone) throw gone;
  return record;
}

/** The chat, when the bot may write. @throws Refusal as {@link openChat}, and 400 for a restricted bot */
export function writableChat(state: DoubleState, payload: Payload): ChatRecord {
  const record = openChat(state, payload);
  if (record.botStatus === 'restricted')
    throw badRequest('not enough rights to send text messages to the chat');
  if (record.chat.type === 'channel' && !mayPost(record))
    throw badRequest('need administrator rights in the channel chat');
  return record;
}

function mayPost({ botStatus, botCanPost }: ChatRecord): boolean {
  return botStatus === 'creator' || (botStatus === 'administrator' && botCanPost);
}

/** The forum topic of a send. General has no id of its own: 1 is refused, as by Telegram. @throws Refusal 400 */
export function checkTopic(record: ChatRecord, payload: Payload): number | undefined {
  const threadId = readInteger(payload, 'message_thread_id');
  if (threadId === undefined || threadId === 0) return undefined;
  const topic = record.topics.get(threadId);
  if (threadId === 1 || !topic) throw badRequest('message thread not found');
  if (topic.closed && record.botStatus !== 'administrator') throw badRequest('TOPIC_CLOSED');
  return threadId;
}

/** The bot's own message to be edited. @throws Refusal 400 */
export function ownMessage(state: DoubleState, record: ChatRecord, payload: Payload): StoredMessage {
  const message = record.messages.get(readInteger(payload, 'message_id') ?? 0);
  if (!message) throw badRequest('message to edit not found');
  if (message.from?.id !== state.bot.id) throw badRequest("message can't be edited");
  return message;
}
