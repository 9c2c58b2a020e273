import { displayName, isMeant } from '../describe-integration.ts';
import { type Feature, type FeatureDeps, onCommand } from '../feature.ts';
import { mayManage } from '../guards/administrators.ts';
import type { RefuseMembers } from '../guards/refuse-members.ts';

/** `/test [name or id]`: one alert the way every alert goes, for the integration with most quota left (or the named one). */
export function testFeature(
  deps: Pick<FeatureDeps, 'integrations' | 'alerts'> & { refuse: RefuseMembers },
): Feature {
  return onCommand(['test'], async (ctx, asked) => {
    if (ctx.chat === undefined) return;
    if (!(await mayManage(ctx))) {
      await deps.refuse(ctx);
      return;
    }
    const { texts } = ctx;
    const active = await deps.integrations.listActive(ctx.chat.id);
    const fullestFirst = active.toSorted((a, b) => b.rateLimit - a.rateLimit);
    const [fullest] = fullestFirst;
    const chosen = asked === '' ? fullest : fullestFirst.find((one) => isMeant(one, asked));
    if (chosen === undefined) {
      await ctx.reply(fullest === undefined ? texts.noActiveIntegration : texts.revokeNotFound(asked));
      return;
    }
    const name = displayName(chosen, texts);
    const accepted = await deps.alerts.accept(
      { id: chosen.id, tokenHash: null },
      {
        title: texts.testTitle,
        message: texts.testMessage(name),
        format: 'plain',
        priority: 'normal',
        silent: false,
        // A group's topic: the alert should arrive where it was asked for.
        ...topicOf(ctx.message),
      },
      // Telegram may repeat an update: the same one must not send twice. With the date, because its ids may start over.
      { idempotencyKey: `telegram-update-${ctx.update.update_id}-${ctx.written?.date}` },
    );
    await ctx.reply(texts.testQueued({ name, remaining: accepted.remaining }));
  });
}

function topicOf(message: { is_topic_message?: boolean; message_thread_id?: number } | undefined): {
  threadId?: number;
} {
  const threadId = message?.is_topic_message ? message.message_thread_id : undefined;
  return threadId === undefined ? {} : { threadId };
}
