import type { MiddlewareFn } from 'telegraf';
import type { ChatService } from '../../services/chats/chats.ts';
import type { BotContext } from '../context.ts';
import { parseKeyRequest, parseTokenRequest } from '../deep-link.ts';
import { isAdministrator } from './administrators.ts';

/**
 * Decides whom the bot listens to. Blocked chats: never. With `isInviteOnly`: chats that are registered, and those that
 * an invitation or somebody of a registered chat brings in; others are told so when they send a command.
 */
export function createAdmission(deps: {
  chats: Pick<ChatService, 'standing' | 'redeem'>;
  /** REGISTRATION=invite. */
  isInviteOnly: boolean;
}): MiddlewareFn<BotContext> {
  const { chats } = deps;
  const isRegistered = async (chatId: number) => (await chats.standing(chatId)) === 'registered';

  async function isBroughtIn(ctx: BotContext, chatId: number): Promise<boolean> {
    const { command, from, chat } = ctx;
    // A person's id is that of their private chat with the bot.
    if (from !== undefined && chat?.type !== 'private' && (await isRegistered(from.id))) return true;
    if (command?.name !== 'start') return false;
    if (await chats.redeem(command.payload, chatId)) return true;
    const request =
      chat?.type === 'private'
        ? (parseTokenRequest(command.payload) ?? parseKeyRequest(command.payload))
        : undefined;
    if (request === undefined || from === undefined) return false;
    return (
      (await isRegistered(request.chatId)) && (await isAdministrator(ctx.telegram, request.chatId, from.id))
    );
  }

  return async (ctx, next) => {
    if (ctx.chat === undefined) return next();
    const standing = await chats.standing(ctx.chat.id);
    if (standing === 'blocked') return;
    if (!deps.isInviteOnly || standing === 'registered') return next();
    if (await isBroughtIn(ctx, ctx.chat.id)) return next();
    if (ctx.message !== undefined && ctx.command !== undefined) await ctx.reply(ctx.texts.inviteOnly);
  };
}
