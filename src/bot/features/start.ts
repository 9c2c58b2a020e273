import { parseKeyRequest, parseTokenRequest } from '../deep-link.ts';
import { type Feature, type FeatureDeps, onCommand } from '../feature.ts';
import type { KeyDesk } from '../key-desk.ts';
import { linkButton, type TokenDesk } from '../token-desk.ts';

/** `/start [payload]`: the chat becomes known. Our own payloads ask for a group's token or key; others are ignored. */
export function startFeature(
  deps: Pick<FeatureDeps, 'integrations'> & { desk: TokenDesk; keyDesk: Pick<KeyDesk, 'answerRequest'> },
): Feature {
  return onCommand(['start'], async (ctx, payload) => {
    if (ctx.chat === undefined) return;
    const request = ctx.chat.type === 'private' ? parseTokenRequest(payload) : undefined;
    const { active, regained } = await deps.integrations.registerChat(ctx.chat.id);
    if (request !== undefined) {
      await deps.desk.answerRequest(ctx, request);
      return;
    }
    const keyRequest = ctx.chat.type === 'private' ? parseKeyRequest(payload) : undefined;
    if (keyRequest !== undefined) {
      await deps.keyDesk.answerRequest(ctx, keyRequest);
      return;
    }
    if (regained > 0) await ctx.reply(ctx.texts.reachableAgain(regained));
    else if (active.length > 0) await ctx.reply(ctx.texts.welcomeBack(active.length));
    else if (ctx.chat.type === 'channel')
      await ctx.reply(ctx.texts.channelWelcome, linkButton(ctx, { chatId: ctx.chat.id, name: undefined }));
    else await ctx.reply(ctx.texts.welcome(ctx.from?.first_name ?? ''));
  });
}
