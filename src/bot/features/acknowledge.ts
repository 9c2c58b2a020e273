import type { InlineKeyboardButton } from 'telegraf/types';
import type { Press } from '../../domain/acknowledgement.ts';
import { AppError } from '../../domain/errors.ts';
import type { Pressed } from '../../services/incidents/acknowledgements.ts';
import { ACKNOWLEDGE, RELEASE } from '../../services/incidents/buttons.ts';
import { isHarmless, isUneditable } from '../api-errors.ts';
import type { BotContext } from '../context.ts';
import { type Feature, type FeatureDeps, onButton } from '../feature.ts';
import { createPressers } from '../guards/pressers.ts';
import type { Texts } from '../texts/texts.ts';

/** The form of the ids that we give; others need no look-up. */
const ID_FORM = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/**
 * The buttons below an alert: somebody takes the problem, or puts it back. The press is answered with what is true now; the
 * message follows by the queue of edits.
 */
export function acknowledgeFeature(deps: Pick<FeatureDeps, 'acknowledgements' | 'timeZone'>): Feature[] {
  const presserOf = createPressers();

  const turn = (word: string, press: Press) =>
    onButton(word, async (ctx, id) => {
      const { texts } = ctx;
      const chatId = ctx.chat?.id;
      const presser = await presserOf(ctx);
      if (presser === 'not_a_member') return answer(ctx, texts.membersOnly, true);
      if (presser === 'not_an_administrator') return answer(ctx, texts.adminsOnly, true);
      const isPossible = chatId !== undefined && ID_FORM.test(id);
      try {
        const pressed = isPossible
          ? await deps.acknowledgements.press(press, id, { chatId, name: presser.name })
          : ({ kind: 'unknown' } as const);
        await answer(ctx, wordsFor(pressed, presser.name, { texts, timeZone: deps.timeZone }));
        if (pressed.kind === 'unknown' || pressed.kind === 'over') await removeButton(ctx, id);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // A sentence in the chat would be read by all.
        await answer(ctx, texts.errors[error.code], true);
      }
    });

  return [turn(ACKNOWLEDGE, 'acknowledge'), turn(RELEASE, 'release')];
}

function wordsFor(
  pressed: Pressed,
  name: string,
  { texts, timeZone }: { readonly texts: Texts; readonly timeZone: string },
): string {
  switch (pressed.kind) {
    case 'unknown':
      return texts.buttonGone;
    case 'over':
      return texts.problemOver;
    case 'open':
      return pressed.isNew ? texts.released : texts.notAcknowledged;
    case 'acknowledged': {
      if (pressed.isNew) return texts.acknowledged;
      const { at, by } = pressed.acknowledgement;
      const time = new Intl.DateTimeFormat(texts.locale, { timeStyle: 'short', timeZone }).format(at);
      return texts.acknowledgedBefore({ name: by ?? name, at: time });
    }
  }
}

async function answer(ctx: BotContext, text: string, isAlert = false): Promise<void> {
  await ctx.answerCbQuery(text, { show_alert: isAlert }).catch(unlessHarmless);
}

/** Of what is over nothing is left to press. Other buttons stay. */
async function removeButton(ctx: BotContext, id: string): Promise<void> {
  const message = ctx.callbackQuery?.message;
  if (message === undefined || !('reply_markup' in message)) return;
  const isOurs = (button: InlineKeyboardButton) =>
    'callback_data' in button && button.callback_data.endsWith(`:${id}`);
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (!rows.flat().some(isOurs)) return;
  const left = rows.map((row) => row.filter((button) => !isOurs(button))).filter((row) => row.length > 0);
  await ctx.editMessageReplyMarkup({ inline_keyboard: left }).catch(unlessHarmless);
}

function unlessHarmless(error: unknown): void {
  if (!isHarmless(error) && !isUneditable(error)) throw error;
}
