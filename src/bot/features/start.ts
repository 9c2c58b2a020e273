import { parseTokenWish } from '../deep-link.ts';
import { type Feature, type FeatureDeps, onCommand } from '../feature.ts';
import type { TokenDesk } from '../token-desk.ts';

/** `/start [payload]`: the chat becomes known. Our own payloads ask for a group's token; others are ignored. */
export function startFeature(deps: Pick<FeatureDeps, 'integrations'> & { desk: TokenDesk }): Feature {
  return onCommand(['start'], async (ctx, payload) => {
    if (ctx.chat === undefined) return;
    const wish = ctx.chat.type === 'private' ? parseTokenWish(payload) : undefined;
    const before = await deps.integrations.listForChat(ctx.chat.id);
    const { integrations } = await deps.integrations.registerChat(ctx.chat.id);
    if (wish !== undefined) {
      await deps.desk.answerWish(ctx, wish);
      return;
    }
    const active = integrations.filter((one) => one.status === 'active').length;
    const wasLost = before.some((one) => one.status === 'active' && one.unreachableSince !== null);
    if (wasLost) await ctx.reply(ctx.texts.reachableAgain(active));
    else if (active > 0) await ctx.reply(ctx.texts.welcomeBack(active));
    else await ctx.reply(ctx.texts.welcome(ctx.from?.first_name ?? ''));
  });
}
