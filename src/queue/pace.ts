import type { AlertJob, Pace } from '../services/ports.ts';
import type { DispatchCommands } from './commands.ts';
import { dispatchKeys } from './keys.ts';
import type { RedisClient } from './redis.ts';

/**
 * From this delay on, sends are kept evenly apart (a late timer or a slow call shifts the next slot); below it, where
 * throughput matters more, slots follow each other strictly and a late send does not delay the next one. In ms.
 */
const EVEN_FROM_MS = 200;
/** A call's own duration counts up to this share of the delay: more would slow the queue behind a distant Telegram. */
const CALL_SHARE = 0.005;
/** Stands for "no call yet", in ms. */
const NEVER_MS = 1_000_000_000;
/** An alert that keeps its place for so long without a job was given up between the two, in ms; an add takes 1.5 s. */
const ABANDONED_MS = 3_000;
/** Lines are kept as long as texts are (places.ts), in ms. */
const KEEP_LINE_MS = 30 * 86_400_000;

type Answer = ['go', number, string | null] | ['wait', number, string, number] | ['paused', number];

/**
 * The pace of the sends beyond BullMQ's limiter, over all workers: the limits per chat and per group, the parts of a
 * long message, evenness within a second, flood waits. See lua/take.lua.
 */
export function createPace(deps: {
  redis: RedisClient & DispatchCommands;
  /** QUEUE_PREFIX */
  prefix: string;
  sendDelayMs: number;
  /** 0 disables. */
  chatDelayMs: number;
  /** 0 disables. */
  groupLimitPerMinute: number;
  /** Frees the place of an alert that has no job, so that its chat does not wait for it. True if it had none. */
  dropAbandoned(job: Pick<AlertJob, 'alertId' | 'chat' | 'isGroup'>): Promise<boolean>;
}): Pace {
  const { redis } = deps;
  const keys = dispatchKeys(deps.prefix);
  /** When our newest call was under way at the latest, on this process's monotonic clock (ms). */
  let reachedAt = Number.NEGATIVE_INFINITY;

  async function ask({ alertId, chat, isGroup, priority }: Parameters<Pace['take']>[0]): Promise<Answer> {
    const allKeys = [
      ...[keys.line(chat), keys.gate(chat), keys.sent(chat), keys.pace, keys.turns, keys.chats],
      ...[keys.pending, keys.scheduled, keys.held, keys.clock, keys.text(alertId)],
    ];
    const answer = await redis.pinguiTake(
      allKeys.length,
      ...allKeys,
      ...[alertId, chat, priority === 'high' ? '1' : '0', deps.sendDelayMs, deps.chatDelayMs],
      isGroup ? deps.groupLimitPerMinute : 0,
      // A duration, since Redis may have another clock.
      Math.min(Math.round(performance.now() - reachedAt), NEVER_MS),
      KEEP_LINE_MS,
    );
    // One of the three forms that the script describes.
    return answer as Answer;
  }

  return {
    sent({ beganAt, tookMs }) {
      if (deps.sendDelayMs < EVEN_FROM_MS) return;
      reachedAt = Math.max(reachedAt, beganAt + Math.min(tookMs, deps.sendDelayMs * CALL_SHARE));
    },

    async take(turn) {
      const answer = await ask(turn);
      switch (answer[0]) {
        case 'go':
          return { kind: 'go', waitMs: answer[1], sealed: answer[2] };
        case 'paused':
          return { kind: 'paused', ms: answer[1] };
        case 'wait': {
          const [, ms, ahead, ageMs] = answer;
          if (ahead === '' || ageMs < ABANDONED_MS) return { kind: 'defer', ms };
          const dropped = await deps.dropAbandoned({
            alertId: ahead,
            chat: turn.chat,
            isGroup: turn.isGroup,
          });
          return { kind: 'defer', ms: dropped ? 0 : ms };
        }
      }
    },

    async block(chat, ms) {
      const allKeys = [keys.gate(chat), keys.floods, keys.pace];
      return { isWholeBot: (await redis.pinguiBlock(allKeys.length, ...allKeys, chat, ms)) === 1 };
    },
  };
}

/** Until when nobody may send (epoch ms): Telegram told the whole bot to wait. Null: it did not. */
export async function readPausedUntil(redis: RedisClient, prefix: string): Promise<number | null> {
  const until = Number((await redis.hget(dispatchKeys(prefix).pace, 'until')) ?? 0);
  return until > Date.now() ? until : null;
}
