import type { AnswerPace } from '../services/ports/queue.ts';
import type { DispatchCommands } from './commands.ts';
import { dispatchKeys } from './keys.ts';

/** Between two answers to one chat, in ms, and answers per second in all (the contract). */
const CHAT_DELAY_MS = 1_000;
const PER_SECOND = 5;
/** In a private chat so many may follow each other at once, if the next ones wait for it: nobody who types notices. */
const PRIVATE_BURST = 3;

/** The pace of the bot's answers, over all processes. See lua/answer.lua. */
export function createAnswerPace(deps: {
  redis: DispatchCommands;
  /** QUEUE_PREFIX */
  prefix: string;
  /** Sends to a group per minute, alerts and answers; answers take half of them at most. 0: no limit. */
  groupLimitPerMinute: number;
}): AnswerPace {
  const keys = dispatchKeys(deps.prefix);
  return async (chat, isGroup, longestMs) => {
    const allKeys = [keys.gate(chat), keys.sent(chat), keys.answered(chat), keys.answers];
    const limit = isGroup ? deps.groupLimitPerMinute : 0;
    const answer = await deps.redis.pinguiAnswer(
      allKeys.length,
      ...allKeys,
      ...[isGroup ? 1 : PRIVATE_BURST, CHAT_DELAY_MS, PER_SECOND],
      ...[limit, Math.ceil(limit / 2), longestMs],
    );
    const ms = Number(answer);
    return ms < 0 ? 'never' : ms;
  };
}
