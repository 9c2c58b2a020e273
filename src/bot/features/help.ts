import { sendAlertCurl } from '../../domain/curl-examples.ts';
import { type Feature, type FeatureDeps, onCommand } from '../feature.ts';
import { MENU_COMMANDS } from '../texts/texts.ts';

/** `/help`: how it works, what the chat's integrations may send a day, and all commands. */
export function helpFeature(deps: Pick<FeatureDeps, 'integrations' | 'publicUrl' | 'dailyLimit'>): Feature {
  return onCommand(['help'], async (ctx) => {
    const commands = MENU_COMMANDS.map((name) => `/${name}: ${ctx.texts.commands[name]}`).join('\n');
    const curl = sendAlertCurl(deps.publicUrl(), ctx.texts.exampleAlert);
    const limits = ctx.chat === undefined ? [] : await limitsOf(ctx.chat.id);
    const dailyLimits = limits.length > 0 ? limits : [deps.dailyLimit];
    await ctx.reply(ctx.texts.help({ commands, curl, dailyLimits }), {
      link_preview_options: { is_disabled: true },
    });
  });

  /** Of the chat's active integrations, the lowest first: some may have a limit of their own. */
  async function limitsOf(chatId: number): Promise<number[]> {
    const active = await deps.integrations.listActive(chatId);
    return [...new Set(active.map((one) => one.dailyLimit))].sort((a, b) => a - b);
  }
}
