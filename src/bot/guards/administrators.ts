import { type Telegram, TelegramError } from 'telegraf';
import type { ChatMember } from 'telegraf/types';
import type { BotContext } from '../context.ts';

/**
 * May the sender of this update manage the chat's integrations? In a private chat always; in groups only
 * administrators, checked each time; an anonymous administrator writes as the group itself. In channels whoever posts: nobody
 * but administrators can; the buttons of a post are for all to press.
 */
export async function mayManage(ctx: BotContext): Promise<boolean> {
  const { chat, from, message } = ctx;
  if (chat === undefined) return false;
  if (chat.type === 'private' || ctx.channelPost !== undefined) return true;
  const writesAs = ctx.callbackQuery === undefined ? message?.sender_chat : undefined;
  if (writesAs !== undefined) return writesAs.id === chat.id;
  return from !== undefined && isAdministrator(ctx.telegram, chat.id, from.id);
}

/** True for the creator and administrators of the chat; false too when Telegram knows no such member or chat. */
export async function isAdministrator(telegram: Telegram, chatId: number, userId: number): Promise<boolean> {
  const member = await memberOf(telegram, chatId, userId);
  return member?.status === 'creator' || member?.status === 'administrator';
}

/**
 * The person in the chat. Of others than itself a bot learns for certain only as an administrator: where it is refused, it
 * looks for the person among the administrators. Undefined: Telegram does not say.
 */
export async function memberOf(
  telegram: Telegram,
  chatId: number,
  userId: number,
): Promise<ChatMember | undefined> {
  return (
    (await unlessRefused(telegram.getChatMember(chatId, userId))) ??
    (await unlessRefused(telegram.getChatAdministrators(chatId)))?.find(({ user }) => user.id === userId)
  );
}

async function unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof TelegramError && (error.code === 400 || error.code === 403)) return undefined;
    throw error;
  }
}
