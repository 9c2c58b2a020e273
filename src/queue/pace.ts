import type { RedisClient } from '../redis/connect.ts';
import type { AlertJob, FloodScope, Pace } from '../services/ports/queue.ts';
import type { DispatchCommands } from './commands.ts';
import { dispatchKeys } from './keys.ts';

/**
 * From this delay on, sends are kept evenly apart (a late timer or a busy process shifts the next slot); below it, where
 * throughput matters more, slots follow each other strictly and a late send does not delay the next one. In ms.
 */
const EVEN_FROM_MS = 200;
/** An alert that keeps its place for so long without a job was given up between the two, in ms; an add takes 1.5 s. */
const ABANDONED_MS = 3_000;
/** Lines are kept as long as texts are (places.ts), in ms. */
const KEEP_LINE_MS = 30 * 86_400_000;

type Answer = ['go', number, string | null, 0 | 1] | ['wait', number, string, number] | ['paused', number];

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
  async function ask({ alertId, chat, isGroup, priority }: Parameters<Pace['take']>[0]): Promise<Answer> {
    const allKeys = [
      ...[keys.line(chat), keys.gate(chat), keys.sent(chat), keys.pace, keys.pending, keys.due],
      ...[keys.chats, keys.held, keys.clock, keys.text(alertId), keys.flood],
    ];
    const answer = await redis.pinguiTake(
      allKeys.length,
      ...allKeys,
      ...[alertId, chat, priority === 'high' ? '1' : '0', deps.sendDelayMs, deps.chatDelayMs],
      isGroup ? deps.groupLimitPerMinute : 0,
      KEEP_LINE_MS,
    );
    // One of the three forms that the script describes.
    return answer as Answer;
  }

  return {
    async sent(beganAt) {
      if (deps.sendDelayMs < EVEN_FROM_MS) return;
      // A duration, because Redis may have another clock.
      await redis.pinguiSent(1, keys.pace, Math.round(performance.now() - beganAt));
    },

    async take(turn) {
      for (;;) {
        const answer = await ask(turn);
        if (answer[0] === 'go') {
          return { kind: 'go', waitMs: answer[1], sealed: answer[2], isFlooded: answer[3] === 1 };
        }
        if (answer[0] === 'paused') return { kind: 'paused', ms: answer[1] };
        const [, ms, first, ageMs] = answer;
        if (first === '' || ageMs < ABANDONED_MS) return { kind: 'defer', ms };
        const dropped = await deps.dropAbandoned({ ...turn, alertId: first });
        if (!dropped) return { kind: 'defer', ms };
      }
    },

    async block(chat, ms) {
      const allKeys = [keys.gate(chat), keys.pace, keys.flood];
      return scopeOf(await redis.pinguiBlock(allKeys.length, ...allKeys, chat, ms));
    },

    answered: () => endFloodWait(redis, deps.prefix),
  };
}

/** The levels of lua/block.lua. */
function scopeOf(level: unknown): FloodScope {
  return Number(level) > 1 ? 'bot' : Number(level) === 1 ? 'suspected' : 'chat';
}

/** Ends a pause of all that Telegram's 429s led to. Answers what they were taken to mean. */
export async function endFloodWait(redis: DispatchCommands, prefix: string): Promise<FloodScope> {
  const { pace, flood } = dispatchKeys(prefix);
  return scopeOf(await redis.pinguiAnswered(2, pace, flood));
}

/** The pause of all that Telegram's 429s have led to; `until` in epoch ms. Null: there is none. */
export async function readFloodWait(
  redis: RedisClient,
  prefix: string,
): Promise<{ readonly until: number; readonly scope: FloodScope } | null> {
  const keys = dispatchKeys(prefix);
  const [[until, wait], level] = await Promise.all([
    redis.hmget(keys.pace, 'until', 'wait'),
    redis.hget(keys.flood, 'level'),
  ]);
  // As in lua/take.lua: no flood wait is longer than it was, also when the clock was set back.
  const endsAt = Math.min(Number(until ?? 0), Date.now() + Number(wait ?? 0));
  return endsAt > Date.now() ? { until: endsAt, scope: scopeOf(level) } : null;
}

/** Until when nobody may send (epoch ms), because of Telegram's 429s. Null: everybody may. */
export async function readPausedUntil(redis: RedisClient, prefix: string): Promise<number | null> {
  return (await readFloodWait(redis, prefix))?.until ?? null;
}
