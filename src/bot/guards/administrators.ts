import { type Telegram, TelegramError } from 'telegraf';
import type { BotContext } from '../context.ts';

/**
 * May the sender of this update manage the chat's integrations? In a private chat always; in groups only
 * administrators, checked each time; an anonymous administrator writes as the group itself.
 */
export async function mayManage(ctx: BotContext): Promise<boolean> {
  const { chat, from, message } = ctx;
  if (chat === undefined || chat.type === 'channel') return false;
  if (chat.type === 'private') return true;
  const writesAs = ctx.callbackQuery === undefined ? message?.sender_chat : undefined;
  if (writesAs !== undefined) return writesAs.id === chat.id;
  return from !== undefined && isAdministrator(ctx.telegram, chat.id, from.id);
}

/** True for the creator and administrators of the chat; false too when Telegram knows no such member or chat. */
export async function isAdministrator(telegram: Telegram, chatId: number, userId: number): Promise<boolean> {
  try {
    const { status } = await telegram.getChatMember(chatId, userId);
    return status === 'creator' || status === 'administrator';
  } catch (error) {
    if (error instanceof TelegramError && (error.code === 400 || error.code === 403)) return false;
    throw error;
  }
}
