import { AppError } from '../../domain/errors.ts';
import { CHAT_BLOCKED } from '../../domain/integration.ts';
import type { ChatRepository } from '../ports/chats.ts';

/** @throws AppError integration_not_active if the operator has blocked the chat */
export async function refuseBlocked(chats: Pick<ChatRepository, 'find'>, chatId: number): Promise<void> {
  const chat = await chats.find(chatId);
  if (chat !== undefined && chat.blockedAt !== null)
    throw new AppError('integration_not_active', CHAT_BLOCKED);
}
