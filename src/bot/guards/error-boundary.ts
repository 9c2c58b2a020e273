import { AppError } from '../../domain/errors.ts';
import { AnswerDropped } from '../answers.ts';
import { floodWaitMs, isForbidden } from '../api-errors.ts';
import type { BotLogger } from '../bot-logger.ts';
import type { BotContext } from '../context.ts';

/**
 * The one place where a handler's errors end: the person gets one fixed sentence (or why the service refused), the
 * operator one log entry without text, token or payload.
 */
export function createErrorBoundary(deps: {
  logger: BotLogger;
  hashChat: (chatId: number) => string;
}): (error: unknown, ctx: BotContext) => Promise<void> {
  return async (error, ctx) => {
    // Logged where it was dropped, once a minute.
    if (error instanceof AnswerDropped) return;
    const refusal = error instanceof AppError && error.code !== 'internal' ? error : undefined;
    // If Telegram itself refuses to deliver our reply, another reply does not help.
    const mute = isForbidden(error) || floodWaitMs(error) !== undefined;
    const told = !mute && (await tell(ctx, ctx.texts.errors[refusal?.code ?? 'internal']));
    const fields = {
      updateId: ctx.update.update_id,
      ...(ctx.chat === undefined ? {} : { chatId: deps.hashChat(ctx.chat.id) }),
      told,
      error,
    };
    if (refusal !== undefined) deps.logger.info(fields, 'Bot command refused');
    else if (mute) deps.logger.warn(fields, 'Telegram rejected a reply from the bot');
    else deps.logger.error(fields, 'Failed to handle a bot update');
  };
}

/** False if that did not work either: the caller's log entry says so. */
async function tell(ctx: BotContext, sentence: string): Promise<boolean> {
  // A channel hears of it only where somebody asked there.
  const asked = ctx.command !== undefined || ctx.callbackQuery !== undefined;
  if (ctx.chat === undefined || (ctx.chat.type === 'channel' && !asked)) return false;
  try {
    await ctx.reply(sentence);
    return true;
  } catch {
    return false;
  }
}
