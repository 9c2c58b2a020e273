import { join } from 'telegraf/format';
import type { Feature } from '../feature.ts';

/** `/id`, `/get_me`: the chat's id, also in channels, and the topic's id in a group with topics. */
export function idFeature(): Feature {
  return async (ctx, next) => {
    const message = ctx.message ?? ctx.channelPost;
    const name = ctx.command?.name;
    if (message === undefined || (name !== 'id' && name !== 'get_me')) return next();
    const lines = [ctx.texts.chatId(message.chat.id)];
    if (message.is_topic_message && message.message_thread_id !== undefined) {
      lines.push(ctx.texts.topicId(message.message_thread_id));
    }
    await ctx.reply(join(lines, '\n'));
  };
}
