import { join } from 'telegraf/format';
import { type Feature, onCommand } from '../feature.ts';

/** `/id`, `/get_me`: the chat's id and the topic's id in a group with topics. */
export function idFeature(): Feature {
  return onCommand(['id', 'get_me'], async (ctx) => {
    const message = ctx.written;
    if (message === undefined) return;
    const lines = [ctx.texts.chatId(message.chat.id)];
    if (message.is_topic_message && message.message_thread_id !== undefined) {
      lines.push(ctx.texts.topicId(message.message_thread_id));
    }
    await ctx.reply(join(lines, '\n'));
  });
}
