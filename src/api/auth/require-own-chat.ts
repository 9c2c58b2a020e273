import type { Integration } from '../../domain/integration.ts';
import { chatMismatch } from '../../services/alerts/refusals.ts';

/** @throws AppError chat_mismatch when the request names another chat than the token's */
export function requireOwnChat(integration: Integration, asked: string | number | undefined): void {
  if (asked !== undefined && String(asked) !== String(integration.chatId)) {
    throw chatMismatch();
  }
}
