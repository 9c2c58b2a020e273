import type { ChatMember } from 'telegraf/types';
import { isForbidden } from '../api-errors.ts';
import type { BotContext } from '../context.ts';
import type { Feature, FeatureDeps } from '../feature.ts';
import { linkButton } from '../token-desk.ts';

/** `my_chat_member`: the bot was blocked, removed, let in again, or made an administrator of a channel. */
export function membershipFeature(deps: Pick<FeatureDeps, 'integrations'>): Feature {
  const { integrations } = deps;

  async function returned(ctx: BotContext, chatId: number): Promise<void> {
    const regained = await integrations.chatReturned(chatId);
    if (regained > 0) await ctx.reply(ctx.texts.reachableAgain(regained));
  }

  return async (ctx, next) => {
    const change = ctx.myChatMember;
    if (change === undefined) return next();
    const { chat, old_chat_member: before, new_chat_member: after } = change;
    const reason = lossOf(after, chat.type);
    if (reason !== undefined) {
      await integrations.chatLost(chat.id, reason);
      return;
    }
    await returned(ctx, chat.id);
    if (chat.type === 'channel' && after.status === 'administrator' && before.status !== 'administrator') {
      await integrations.registerChat(chat.id);
      await offerToken(ctx, chat.id, chat.title);
    }
  };
}

/** A reason code if the bot can no longer write to the chat. */
function lossOf(member: ChatMember, chatType: string): string | undefined {
  switch (member.status) {
    case 'kicked':
      return chatType === 'private' ? 'bot_blocked' : 'bot_kicked';
    case 'left':
      return 'bot_not_member';
    case 'restricted':
      if (!member.is_member) return 'bot_not_member';
      return member.can_send_messages ? undefined : 'no_write_access';
    default:
      return undefined;
  }
}

/** A channel has nobody to talk to: whoever added the bot gets the link in private, if the bot may write there. */
async function offerToken(ctx: BotContext, chatId: number, title: string): Promise<void> {
  if (ctx.from === undefined) return;
  try {
    await ctx.telegram.sendMessage(
      ctx.from.id,
      ctx.texts.channelAdded(title),
      linkButton(ctx, { chatId, name: undefined }),
    );
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
}
