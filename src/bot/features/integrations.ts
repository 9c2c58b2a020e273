import { displayName } from '../describe-integration.ts';
import { type Feature, type FeatureDeps, onCommand } from '../feature.ts';
import { askButton } from './revoke.ts';
import { nameButtons } from './show-name.ts';

/** As many as fit into one message (4096 characters) with names of maximum length. */
export const MAX_LISTED = 16;

/** `/integrations`: name, status and quota of each, with a button to revoke it; of several active ones each has one for its name. */
export function integrationsFeature(deps: Pick<FeatureDeps, 'integrations'>): Feature {
  return onCommand(['integrations'], async (ctx) => {
    if (ctx.chat === undefined) return;
    const { texts } = ctx;
    const all = await deps.integrations.listForChat(ctx.chat.id);
    const listed = all.slice(0, MAX_LISTED);
    const lines = listed.map((one) =>
      texts.integrationLine({
        name: displayName(one, texts),
        status: texts.statuses[one.status],
        left: one.rateLimit,
        limit: one.dailyLimit,
        unreachable: one.unreachableSince !== null,
      }),
    );
    if (lines.length > 0) lines.unshift(texts.integrationsTitle);
    if (all.length > listed.length) lines.push(texts.moreIntegrations(all.length - listed.length));
    if (!all.some((one) => one.status === 'active')) lines.push(texts.noActiveIntegration);
    await ctx.reply(lines.join('\n'), {
      reply_markup: {
        inline_keyboard: [...listed.map((one) => [askButton(one, texts)]), ...nameButtons(listed, texts)],
      },
    });
  });
}
