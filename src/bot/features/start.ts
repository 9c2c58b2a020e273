import { parseKeyWish, parseTokenWish } from '../deep-link.ts';
import { type Feature, type FeatureDeps, onCommand } from '../feature.ts';
import type { KeyDesk } from '../key-desk.ts';
import { linkButton, type TokenDesk } from '../token-desk.ts';

/** `/start [payload]`: the chat becomes known. Our own payloads ask for a group's token or key; others are ignored. */
export function startFeature(
  deps: Pick<FeatureDeps, 'integrations'> & { desk: TokenDesk; keyDesk: Pick<KeyDesk, 'answerWish'> },
): Feature {
  return onCommand(['start'], async (ctx, payload) => {
    if (ctx.chat === undefined) return;
    const wish = ctx.chat.type === 'private' ? parseTokenWish(payload) : undefined;
    const { active, regained } = await deps.integrations.registerChat(ctx.chat.id);
    if (wish !== undefined) {
      await deps.desk.answerWish(ctx, wish);
      return;
    }
    const keyWish = ctx.chat.type === 'private' ? parseKeyWish(payload) : undefined;
    if (keyWish !== undefined) {
      await deps.keyDesk.answerWish(ctx, keyWish);
      return;
    }
    if (regained > 0) await ctx.reply(ctx.texts.reachableAgain(regained));
    else if (active.length > 0) await ctx.reply(ctx.texts.welcomeBack(active.length));
    else if (ctx.chat.type === 'channel')
      await ctx.reply(ctx.texts.channelWelcome, linkButton(ctx, { chatId: ctx.chat.id, name: undefined }));
    else await ctx.reply(ctx.texts.welcome(ctx.from?.first_name ?? ''));
  });
}
