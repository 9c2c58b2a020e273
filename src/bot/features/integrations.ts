import { type Integration, standing } from '../../domain/integration.ts';
import { numberedName } from '../describe-integration.ts';
import { type Feature, type FeatureDeps, onCommand } from '../feature.ts';
import { askButton } from './revoke.ts';
import { nameButtons } from './show-name.ts';

/** As many as fit into one message (4096 characters) with names of maximum length. */
export const MAX_LISTED = 16;

/**
 * `/integrations`: name, status and quota of each, with a button to revoke it; those never set up say so. Of several active
 * ones each has a button for its name in alerts.
 */
export function integrationsFeature(deps: Pick<FeatureDeps, 'integrations' | 'clock'>): Feature {
  return onCommand(['integrations'], async (ctx) => {
    if (ctx.chat === undefined) return;
    const { texts } = ctx;
    const all = await deps.integrations.listForChat(ctx.chat.id);
    const listed = all.slice(0, MAX_LISTED);
    const now = deps.clock.now();
    const isExpired = (one: Integration) => standing(one, now) === 'expired';
    const lines = listed.map((one) => {
      const name = numberedName(one, texts);
      if (one.status !== 'active') return texts.waitingLine({ name, isExpired: isExpired(one) });
      return texts.integrationLine({
        name,
        left: one.rateLimit,
        limit: one.dailyLimit,
        unreachable: one.unreachableSince !== null,
      });
    });
    if (lines.length > 0) lines.unshift(texts.integrationsTitle);
    if (all.length > listed.length) lines.push(texts.moreIntegrations(all.length - listed.length));
    if (!all.some((one) => one.status === 'active'))
      lines.push(...(lines.length > 0 ? [''] : []), texts.noActiveIntegration);
    await ctx.reply(lines.join('\n'), {
      reply_markup: {
        inline_keyboard: [
          ...listed.filter((one) => !isExpired(one)).map((one) => [askButton(one, texts)]),
          ...nameButtons(listed, texts),
        ],
      },
    });
  });
}
