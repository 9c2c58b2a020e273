import { findChat, openChat } from './chat-access.ts';
import type { Method } from './method.ts';
import { readInteger } from './payload.ts';
import { badRequest } from './refusals.ts';
import type { ChatRecord, DoubleState } from './state.ts';
import type { BotStatus, Member, MemberStatus, User } from './types.ts';

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
function memberStatusOf(status: BotStatus): MemberStatus {
  return AS_MEMBER[status];
}

export function botAsMember(bot: User, { chat, botStatus, botCanPost }: ChatRecord): Member {
  const status = memberStatusOf(botStatus);
  if (status === 'restricted') return { user: bot, status, is_member: true, can_send_messages: false };
  if (chat.type !== 'channel' || status !== 'administrator') return { user: bot, status };
  return { user: bot, status, can_post_messages: botCanPost };
}

/** getChat and the like. @param leave lets the bot leave a chat (and tells it so by an update) */
export function chatMethods(state: DoubleState, leave: (chatId: number) => void): Record<string, Method> {
  const members = (record: ChatRecord): Member[] => [
    ...record.members.values(),
    botAsMember(state.bot, record),
  ];
  /** A channel tells its members to administrators only. */
  const others = (record: ChatRecord): Member[] => {
    if (record.chat.type === 'channel' && record.botStatus !== 'administrator')
      throw badRequest('member list is inaccessible');
    return members(record);
  };
  return {
    getChat: (payload) => ({ ...openChat(state, payload).chat, accent_color_id: 0, max_reaction_count: 11 }),
    getChatMember(payload) {
      const record = openChat(state, payload);
      const userId = readInteger(payload, 'user_id');
      if (userId === undefined || userId <= 0) throw badRequest('invalid user_id specified');
      if (userId === state.bot.id) return botAsMember(state.bot, record);
      const member = others(record).find(({ user }) => user.id === userId);
      if (member) return member;
      const known = [...state.chats.values()].flatMap((other) => [...other.members.values()]);
      const stranger = known.find(({ user }) => user.id === userId);
      if (!stranger) throw badRequest('member not found');
      return { user: stranger.user, status: 'left' };
    },
    getChatAdministrators(payload) {
      const record = openChat(state, payload);
      if (record.chat.type === 'private') throw badRequest('there are no administrators in the private chat');
      return others(record).filter(({ status }) => status === 'creator' || status === 'administrator');
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
