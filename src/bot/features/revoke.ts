import { AppError } from '../../domain/errors.ts';
import type { Integration } from '../../domain/integration.ts';
import { type Keyboard, pressedByManager, replaceMessage } from '../buttons.ts';
import type { BotContext, ReplyOptions } from '../context.ts';
import { isMeant, numberedName } from '../describe-integration.ts';
import { type Feature, type FeatureDeps, onButton, onCommand } from '../feature.ts';
import { mayManage } from '../guards/administrators.ts';
import type { RefuseMembers } from '../guards/refuse-members.ts';
import type { Texts } from '../texts/texts.ts';

/** Callback data (at most 64 bytes) is a word and an integration's id. The id is not to be trusted: see `ownIntegration`. */
const ASK = 'revoke';
const CONFIRM = 'revoke-yes';
const CANCEL = 'revoke-no';
const MAX_BUTTONS = 20;

export function askButton(integration: Integration, texts: Texts): { text: string; callback_data: string } {
  return {
    text: texts.revokeButton(numberedName(integration, texts)),
    callback_data: `${ASK}:${integration.id}`,
  };
}

/** `/revoke [name or id]`: choose, confirm, revoke. */
export function revokeFeature(
  deps: Pick<FeatureDeps, 'integrations'> & { refuse: RefuseMembers },
): Feature[] {
  const { integrations } = deps;

  /** Whoever presses a button may have made up its data: only the chat's own integrations count. */
  async function ownIntegration(ctx: BotContext, id: string): Promise<Integration | undefined> {
    if (ctx.chat === undefined) return undefined;
    return (await integrations.listForChat(ctx.chat.id)).find((one) => String(one.id) === id);
  }

  const command = onCommand(['revoke'], async (ctx, asked) => {
    if (ctx.chat === undefined) return;
    if (!(await mayManage(ctx))) {
      await deps.refuse(ctx);
      return;
    }
    const { texts } = ctx;
    const all = await integrations.listForChat(ctx.chat.id);
    const found = asked === '' ? all : all.filter((one) => isMeant(one, asked));
    const [only] = found;
    if (all.length === 0) await ctx.reply(texts.revokeNothing);
    else if (only === undefined)
      await ctx.reply(`${texts.revokeNotFound(asked)} ${texts.revokeWhich}`, choices(all, texts));
    else if (found.length === 1 && asked !== '') await ctx.reply(...confirmation(only, texts));
    else await ctx.reply(texts.revokeWhich, choices(found, texts));
  });

  const ask = onButton(ASK, async (ctx, id) => {
    if (!(await pressedByManager(ctx))) return;
    const integration = await ownIntegration(ctx, id);
    // In the place of the choice: no button of it is left to press.
    if (integration === undefined) await replaceMessage(ctx, ctx.texts.revokeGone);
    else await replaceMessage(ctx, ...confirmation(integration, ctx.texts));
  });

  const confirm = onButton(CONFIRM, async (ctx, id) => {
    if (!(await pressedByManager(ctx))) return;
    const integration = await ownIntegration(ctx, id);
    if (integration === undefined) {
      await replaceMessage(ctx, ctx.texts.revokeGone);
      return;
    }
    try {
      await integrations.revoke(integration);
    } catch (error) {
      // Two presses at once: what was asked for has happened.
      if (!(error instanceof AppError && error.code === 'integration_not_active')) throw error;
    }
    await replaceMessage(ctx, ctx.texts.revoked(numberedName(integration, ctx.texts)));
  });

  const cancel = onButton(CANCEL, async (ctx) => {
    if (await pressedByManager(ctx)) await replaceMessage(ctx, ctx.texts.revokeCancelled);
  });

  return [command, ask, confirm, cancel];
}

function choices(found: readonly Integration[], texts: Texts): ReplyOptions {
  return {
    reply_markup: { inline_keyboard: found.slice(0, MAX_BUTTONS).map((one) => [askButton(one, texts)]) },
  };
}

type Confirmation = [string, Keyboard];

function confirmation(integration: Integration, texts: Texts): Confirmation {
  const keyboard = [
    [
      { text: texts.revokeYes, callback_data: `${CONFIRM}:${integration.id}` },
      { text: texts.revokeNo, callback_data: `${CANCEL}:${integration.id}` },
    ],
  ];
  return [
    texts.revokeConfirm(numberedName(integration, texts)),
    { reply_markup: { inline_keyboard: keyboard } },
  ];
}
