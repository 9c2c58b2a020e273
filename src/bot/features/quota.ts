import { nextReset } from '../../domain/quota.ts';
import { numberedName } from '../describe-integration.ts';
import { type Feature, type FeatureDeps, onCommand } from '../feature.ts';

const MAX_LISTED = 40;

/** `/quota`: what is left today, and when it is reset. */
export function quotaFeature(deps: Pick<FeatureDeps, 'integrations' | 'clock' | 'timeZone'>): Feature {
  return onCommand(['quota'], async (ctx) => {
    if (ctx.chat === undefined) return;
    const { texts } = ctx;
    const active = await deps.integrations.listActive(ctx.chat.id);
    if (active.length === 0) {
      await ctx.reply(texts.noActiveIntegration);
      return;
    }
    const now = deps.clock.now();
    const resetsAt = nextReset(now, deps.timeZone);
    const minutes = Math.ceil((resetsAt - now) / 60_000);
    const at = new Intl.DateTimeFormat(texts.locale, {
      dateStyle: 'medium',
      timeStyle: 'short',
      timeZone: deps.timeZone,
    }).format(resetsAt);
    const lines = active
      .slice(0, MAX_LISTED)
      .map((one) =>
        texts.quotaLine({ name: numberedName(one, texts), left: one.rateLimit, limit: one.dailyLimit }),
      );
    const reset = { at: `${at} ${deps.timeZone}`, hours: Math.floor(minutes / 60), minutes: minutes % 60 };
    await ctx.reply([...lines, '', texts.quotaResets(reset)].join('\n'));
  });
}
