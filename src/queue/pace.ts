import type { Pace } from '../services/ports.ts';
import type { QueueCommands } from './commands.ts';

/**
 * From this delay on, sends are kept evenly apart (a late timer or a slow call shifts the next slot); below it, where
 * throughput matters more, slots follow each other strictly and a late send does not delay the next one. In ms.
 */
const EVEN_FROM_MS = 200;
/** A call's own duration counts up to this share of the delay: more would slow the queue behind a distant Telegram. */
const CALL_SHARE = 0.005;
/** Stands for "no call yet", in ms. */
const NEVER_MS = 1_000_000_000;

/** Paces sends over all workers by one script in Redis; see slot-scripts.ts. */
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
  /** When our newest call was under way at the latest, on this process's monotonic clock (ms). */
  let reachedAt = Number.NEGATIVE_INFINITY;
  return {
    sent({ beganAt, tookMs }) {
      if (deps.sendDelayMs < EVEN_FROM_MS) return;
      reachedAt = Math.max(reachedAt, beganAt + Math.min(tookMs, deps.sendDelayMs * CALL_SHARE));
    },

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
        // A duration, since Redis may have another clock.
        Math.min(Math.round(performance.now() - reachedAt), NEVER_MS),
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
