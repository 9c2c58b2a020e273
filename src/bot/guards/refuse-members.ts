import { createAttempts } from '../../services/integrations/attempts.ts';
import type { Clock } from '../../services/ports/clock.ts';
import type { BotContext } from '../context.ts';

/** A group takes 20 messages a minute from the bot, alerts among them: refusals must not use them up. */
const REFUSALS_PER_MINUTE = 5;

export type RefuseMembers = (ctx: BotContext) => Promise<void>;

/** Tells a group member that only administrators may do this; silent once it has said so often enough. */
export function createRefuseMembers(deps: {
  clock: Clock;
  /** Told of each refusal that is not said. */
  onSilent(chatId: number): void;
}): RefuseMembers {
  const told = createAttempts<number>({ limit: REFUSALS_PER_MINUTE, windowMs: 60_000, clock: deps.clock });
  return async (ctx) => {
    if (ctx.chat === undefined) return;
    if (told.waitMs(ctx.chat.id) > 0) {
      deps.onSilent(ctx.chat.id);
      return;
    }
    told.add(ctx.chat.id);
    await ctx.reply(ctx.texts.adminsOnly);
  };
}
