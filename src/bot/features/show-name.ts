import type { InlineKeyboardButton } from 'telegraf/types';
import type { Integration } from '../../domain/integration.ts';
import { isHarmless } from '../api-errors.ts';
import type { BotContext } from '../context.ts';
import { displayName, numberedName } from '../describe-integration.ts';
import { type Feature, type FeatureDeps, onButton } from '../feature.ts';
import { mayManage } from '../guards/administrators.ts';
import type { Texts } from '../texts/texts.ts';

/** Callback data: a word and an integration's id, which is not to be trusted. */
const SHOW = 'name-on';
const HIDE = 'name-off';

type NameButton = { text: string; callback_data: string };

/** For each active integration of a chat with several: whether alerts show its name. */
export function nameButtons(listed: readonly Integration[], texts: Texts): NameButton[][] {
  const active = listed.filter(({ status }) => status === 'active');
  return active.length < 2 ? [] : active.map((one) => [nameButton(one, one.showName, texts)]);
}

function nameButton(integration: Integration, isShown: boolean, texts: Texts): NameButton {
  const name = numberedName(integration, texts);
  return isShown
    ? { text: texts.hideNameButton(name), callback_data: `${HIDE}:${integration.id}` }
    : { text: texts.showNameButton(name), callback_data: `${SHOW}:${integration.id}` };
}

/** The buttons of `/integrations` that show and hide a name; each turns into the other. */
export function showNameFeature(deps: Pick<FeatureDeps, 'integrations'>): Feature[] {
  const turn = (word: string, isShown: boolean) =>
    onButton(word, async (ctx, id) => {
      const { texts } = ctx;
      if (!(await mayManage(ctx))) return answer(ctx, texts.adminsOnly);
      const known = ctx.chat === undefined ? [] : await deps.integrations.listActive(ctx.chat.id);
      const integration = known.find((one) => String(one.id) === id);
      if (integration === undefined) return answer(ctx, texts.revokeGone);
      await deps.integrations.setShowName(integration, isShown);
      const name = displayName(integration, texts);
      await answer(ctx, isShown ? texts.nameShown(name) : texts.nameHidden(name));
      await replaceButton(ctx, `${word}:${id}`, nameButton(integration, isShown, texts));
    });
  return [turn(SHOW, true), turn(HIDE, false)];
}

async function answer(ctx: BotContext, text: string): Promise<void> {
  await ctx.answerCbQuery(text, { show_alert: text === ctx.texts.adminsOnly }).catch(unlessHarmless);
}

/** In the message with the buttons, which Telegram hands over unless it is too old. */
async function replaceButton(ctx: BotContext, data: string, by: NameButton): Promise<void> {
  const message = ctx.callbackQuery?.message;
  if (message === undefined || !('reply_markup' in message)) return;
  const isPressed = (button: InlineKeyboardButton) =>
    'callback_data' in button && button.callback_data === data;
  const rows = message.reply_markup?.inline_keyboard ?? [];
  const keyboard = rows.map((row) => row.map((button) => (isPressed(button) ? by : button)));
  await ctx.editMessageReplyMarkup({ inline_keyboard: keyboard }).catch(unlessHarmless);
}

function unlessHarmless(error: unknown): void {
  if (!isHarmless(error)) throw error;
}
