import type { Pace } from '../services/ports.ts';
import type { QueueCommands } from './commands.ts';

/** Paces sends over all workers by one script in Redis; see turn-scripts.ts. */
export function createPace(deps: {
  redis: Pick<QueueCommands, 'pinguiTakeSlot' | 'pinguiBlockChat'>;
  /** `<QUEUE_PREFIX>:alerts:` */
  base: string;
  sendDelayMs: number;
  /** 0 disables. */
  chatDelayMs: number;
  /** 0 disables. */
  groupLimitPerMinute: number;
}): Pace {
  const { redis, base } = deps;
  const key = `${base}pace`;
  return {
    async take(turn) {
      const [go, ms] = (await redis.pinguiTakeSlot(
        key,
        base,
        turn.alertId,
        turn.chat,
        turn.isGroup ? '1' : '0',
        deps.sendDelayMs,
        deps.chatDelayMs,
        deps.groupLimitPerMinute,
      )) as [number, number];
      return go === 1 ? { kind: 'go', waitMs: ms } : { kind: 'defer', deferMs: ms };
    },

    async block(chat, ms) {
      const chats = (await redis.pinguiBlockChat(key, base, chat, ms)) as number;
      // Two chats within seconds: the answer means the bot, not the chat.
      return { pauseAll: chats >= 2 };
    },
  };
}
