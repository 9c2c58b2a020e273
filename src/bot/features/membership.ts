import type { ChatMember } from 'telegraf/types';
import { isForbidden } from '../api-errors.ts';
import type { BotContext, ReplyOptions } from '../context.ts';
import type { Feature, FeatureDeps } from '../feature.ts';
import { linkButton } from '../token-desk.ts';

/**
 * `my_chat_member`: the bot was blocked, removed, let in again, added to a channel, or its right to write has changed. Whoever
 * did that is told in private, where it matters to them.
 */
export function membershipFeature(deps: Pick<FeatureDeps, 'integrations'>): Feature {
  const { integrations } = deps;

  return async (ctx, next) => {
    const change = ctx.myChatMember;
    if (change === undefined) return next();
    const { chat, old_chat_member: before, new_chat_member: after } = change;
    const title = 'title' in chat ? chat.title : '';
    const lostBefore = lossOf(before, chat.type);
    const lost = lossOf(after, chat.type);
    if (lost !== undefined) {
      await integrations.chatLost(chat.id, lost);
      if (lost === 'no_write_access' && lostBefore !== lost)
        await tellPerson(ctx, ctx.texts.mayNotWrite(title));
      return;
    }
    const regained = await integrations.chatReturned(chat.id);
    if (regained > 0) await ctx.reply(ctx.texts.reachableAgain(regained));
    else if (chat.type === 'channel' && lostBefore !== undefined) {
      await integrations.registerChat(chat.id);
      await offerToken(ctx, chat.id, title);
    }
  };
}

/** A reason code if the bot cannot write to the chat. */
function lossOf(member: ChatMember, chatType: string): string | undefined {
  switch (member.status) {
    case 'kicked':
      return chatType === 'private' ? 'bot_blocked' : 'bot_kicked';
    case 'left':
      return 'bot_not_member';
    case 'restricted':
      if (!member.is_member) return 'bot_not_member';
      return member.can_send_messages ? undefined : 'no_write_access';
    case 'administrator':
      return chatType === 'channel' && member.can_post_messages === false ? 'no_write_access' : undefined;
    case 'member':
      // Subscribers only read.
      return chatType === 'channel' ? 'no_write_access' : undefined;
    default:
      return undefined;
  }
}

/** Whoever added the bot gets the link to a token in private; where that person has no chat with the bot, the channel does. */
async function offerToken(ctx: BotContext, chatId: number, title: string): Promise<void> {
  const link = linkButton(ctx, { chatId, name: undefined });
  if (await tellPerson(ctx, ctx.texts.channelAdded(title), link)) return;
  await ctx.reply(ctx.texts.channelWelcome, link);
}

/** False if the person has no private chat with the bot, or is unknown (an anonymous administrator). */
async function tellPerson(ctx: BotContext, text: string, options: ReplyOptions = {}): Promise<boolean> {
  if (ctx.from === undefined || ctx.from.is_bot) return false;
  try {
    await ctx.telegram.sendMessage(ctx.from.id, text, options);
    return true;
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}
