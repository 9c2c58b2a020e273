import type { BotApiDouble, Chat } from './bot-api-double.ts';

/** The chats that a newcomer finds in sandbox mode. */
export const SANDBOX_PRIVATE_CHAT: Chat = {
  id: 1_000_001,
  type: 'private',
  first_name: 'You',
  username: 'you',
};
export const SANDBOX_GROUP_CHAT: Chat = { id: -1_001_000_000_001, type: 'supergroup', title: 'Ops team' };

export const SANDBOX_CHANNEL: Chat = { id: -1_001_000_000_002, type: 'channel', title: 'Status' };

/** Adds a private chat "You", and a group "Ops team" and a channel "Status" that are yours. The bot is in all of them. */
export function addSandboxChats(double: BotApiDouble): void {
  for (const chat of [SANDBOX_PRIVATE_CHAT, SANDBOX_GROUP_CHAT, SANDBOX_CHANNEL]) {
    double.addChat(chat);
    double.addMember(chat.id, double.you, chat.type === 'private' ? 'member' : 'creator');
  }
}
