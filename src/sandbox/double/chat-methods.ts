import { findChat, openChat } from './chat-access.ts';
import type { Method } from './method.ts';
import { readInteger } from './payload.ts';
import { badRequest } from './refusals.ts';
import type { ChatRecord, DoubleState } from './state.ts';
import type { BotStatus, MemberStatus } from './types.ts';

const AS_MEMBER: Readonly<Record<BotStatus, MemberStatus>> = {
  creator: 'creator',
  administrator: 'administrator',
  member: 'member',
  restricted: 'restricted',
  left: 'left',
  kicked: 'kicked',
  blocked: 'kicked',
  deactivated: 'kicked',
  deleted: 'left',
};

/** A bot that was blocked by a person is `kicked` in Telegram's words. */
export function memberStatusOf(status: BotStatus): MemberStatus {
  return AS_MEMBER[status];
}

/** getChat and the like. @param leave lets the bot leave a chat (and tells it so by an update) */
export function chatMethods(state: DoubleState, leave: (chatId: number) => void): Record<string, Method> {
  const members = (record: ChatRecord) => [
    ...record.members.values(),
    { user: state.bot, status: memberStatusOf(record.botStatus) },
  ];
  return {
    getChat: (payload) => ({ ...openChat(state, payload).chat, accent_color_id: 0, max_reaction_count: 11 }),
    getChatMember(payload) {
      const record = openChat(state, payload);
      const userId = readInteger(payload, 'user_id');
      const member = members(record).find(({ user }) => user.id === userId);
      if (member) return member;
      const known = [...state.chats.values()].flatMap((other) => [...other.members.values()]);
      const stranger = known.find(({ user }) => user.id === userId);
      if (!stranger) throw badRequest('member not found');
      return { user: stranger.user, status: 'left' };
    },
    getChatAdministrators(payload) {
      const record = openChat(state, payload);
      if (record.chat.type === 'private') throw badRequest('there are no administrators in the private chat');
      return members(record).filter(({ status }) => status === 'creator' || status === 'administrator');
    },
    getChatMemberCount: (payload) => members(openChat(state, payload)).length,
    leaveChat(payload) {
      const record = findChat(state, payload);
      if (record.chat.type === 'private') throw badRequest("private chat can't be left");
      openChat(state, payload);
      leave(record.chat.id);
      return true;
    },
  };
}
