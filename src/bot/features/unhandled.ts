import type { Feature } from '../feature.ts';

/** What nothing else has handled: hints in private chats, silence in groups and channels. Registered last. */
export function unhandledFeature(): Feature {
  return async (ctx) => {
    if (ctx.callbackQuery !== undefined) {
      // A button of an earlier version: stop its spinner.
      await ctx.answerCbQuery();
      return;
    }
    if (ctx.message === undefined || ctx.chat?.type !== 'private' || ctx.messageText === undefined) return;
    const isCommand = ctx.messageText.startsWith('/');
    await ctx.reply(isCommand ? ctx.texts.unknownCommand : ctx.texts.plainTextHint);
  };
}
