import type { InlineKeyboardButton } from 'telegraf/types';
import { isHarmless, isUneditable } from './api-errors.ts';
import type { BotContext, ReplyOptions } from './context.ts';
import { mayManage } from './guards/administrators.ts';

/** Answers the button at once (it shows a spinner until then), and refuses whoever may not press it. */
export async function pressedByManager(ctx: BotContext): Promise<boolean> {
  const allowed = await mayManage(ctx);
  try {
    await (allowed ? ctx.answerCbQuery() : ctx.answerCbQuery(ctx.texts.adminsOnly, { show_alert: true }));
  } catch (error) {
    // Too old to be answered (the bot was down): the press still counts.
    if (!isHarmless(error)) throw error;
  }
  return allowed;
}

export interface Keyboard {
  reply_markup?: { inline_keyboard: InlineKeyboardButton[][] };
}

/** What the message with the pressed button says from now on; no button of it is left to press but those given. */
export async function replaceMessage(ctx: BotContext, text: string, options: Keyboard = {}): Promise<void> {
  try {
    await ctx.editMessageText(text, options);
  } catch (error) {
    if (isHarmless(error)) return;
    if (!isUneditable(error)) throw error;
    await ctx.reply(text, options satisfies ReplyOptions);
  }
}

/** One button in each row. */
export function keyboardOf(buttons: readonly InlineKeyboardButton[]): Keyboard {
  return { reply_markup: { inline_keyboard: buttons.map((button) => [button]) } };
}
