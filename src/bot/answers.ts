import { pause } from '../async/pause.ts';
import { createAttempts } from '../services/integrations/attempts.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { AnswerPace } from '../services/ports/queue.ts';
import type { BotLogger } from './bot-logger.ts';

/** An answer that waits for longer is dropped, in ms: the person has moved on, and the chat's later commands wait. */
const MOST_WAIT_MS = 10_000;
/** Between two answers to one chat, in ms (the contract). */
const NEXT_MS = 1_000;
/** What is dropped in one chat is logged once in this time, in ms. */
const LOG_EVERY_MS = 60_000;

/** The chat asks for more than the pace allows. Nobody is told: that would be one more answer. */
export class AnswerDropped extends Error {
  override readonly name = 'AnswerDropped';
}

/** Resolves when the chat may get an answer. @throws AnswerDropped where that takes too long */
export type AwaitAnswer = (chatId: number) => Promise<void>;

export function createAwaitAnswer(deps: {
  pace: AnswerPace;
  hashChat: (chatId: number) => string;
  /** Told how long the chat's next answer but this one has to wait, in ms. */
  onDelayed(chatId: number, ms: number): void;
  onDropped(chatId: number): void;
}): AwaitAnswer {
  return async (chatId) => {
    const chat = deps.hashChat(chatId);
    const endsAt = performance.now() + MOST_WAIT_MS;
    for (;;) {
      // Without Redis the bot answers as it can: Telegram's own 429 is obeyed in any case.
      const ms = await deps.pace(chat, chatId < 0, endsAt - performance.now()).catch(() => 0);
      if (ms === 0) return;
      deps.onDelayed(chatId, ms === 'never' ? NEXT_MS : ms + NEXT_MS);
      if (ms === 'never') break;
      await pause(ms);
    }
    deps.onDropped(chatId);
    throw new AnswerDropped('the chat asks for more than the pace allows');
  };
}

/** Logs that a chat's commands stay without an answer, once a minute for each chat. */
export function createDropLog(deps: {
  hashChat: (chatId: number) => string;
  logger: BotLogger;
  clock: Clock;
}): (chatId: number) => void {
  const logged = createAttempts<number>({ limit: 1, windowMs: LOG_EVERY_MS, clock: deps.clock });
  return (chatId) => {
    if (logged.waitMs(chatId) > 0) return;
    logged.add(chatId);
    const chat = deps.hashChat(chatId);
    deps.logger.info({ chatId: chat }, 'Commands left without an answer: the chat sends too many');
  };
}
