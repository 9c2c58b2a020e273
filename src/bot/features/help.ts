import { sendAlertCurl } from '../curl-examples.ts';
import { type Feature, type FeatureDeps, onCommand } from '../feature.ts';
import { MENU_COMMANDS } from '../texts/texts.ts';

/** `/help`: how it works, and all commands. */
export function helpFeature(deps: Pick<FeatureDeps, 'publicUrl' | 'dailyLimit'>): Feature {
  return onCommand(['help'], async (ctx) => {
    const commands = MENU_COMMANDS.map((name) => `/${name}: ${ctx.texts.commands[name]}`).join('\n');
    const curl = sendAlertCurl(deps.publicUrl(), ctx.texts.exampleAlert);
    await ctx.reply(ctx.texts.help({ commands, curl, dailyLimit: deps.dailyLimit }), {
      link_preview_options: { is_disabled: true },
    });
  });
}
