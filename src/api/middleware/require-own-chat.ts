import { AppError } from '../../domain/errors.ts';
import type { Integration } from '../../domain/integration.ts';

/** @throws AppError chat_mismatch when the request names another chat than the token's */
export function requireOwnChat(integration: Integration, asked: string | number | undefined): void {
  if (asked !== undefined && String(asked) !== String(integration.chatId)) {
    throw new AppError('chat_mismatch', 'chatId is not the chat of this token. Leave it out or correct it.');
  }
}
