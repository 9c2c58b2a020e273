import type { Queue } from 'bullmq';
import type { RedisClient } from '../redis/connect.ts';
import type { WaitingAlert, WaitReason, WhyWaiting } from '../services/alerts/wait-reason.ts';
import { dispatchKeys } from './keys.ts';
import { readPausedUntil } from './pace.ts';

/** What is known of a chat's gate, in epoch ms; 0 where nothing is (lua/take.lua). */
interface Gate {
  readonly sentAt: number;
  readonly blockedUntil: number;
}

/** Reads from Redis why alerts wait, at the moment that somebody looks: nothing is written down for it while they do. */
export function createWhyWaiting(deps: {
  redis: RedisClient;
  queue: Queue;
  prefix: string;
  chatDelayMs: number;
}): WhyWaiting {
  const { redis, queue } = deps;
  const keys = dispatchKeys(deps.prefix);

  async function readGates(chats: readonly string[]): Promise<Map<string, Gate>> {
    const gates = await Promise.all(chats.map((chat) => redis.hmget(keys.gate(chat), 'at', 'until', 'wait')));
    return new Map(
      gates.map(([at, until, wait], index) => [
        chats[index] ?? '',
        // As in lua/take.lua: nothing lasts longer because the clock was set back.
        {
          sentAt: Math.min(Number(at ?? 0), Date.now()),
          blockedUntil: Math.min(Number(until ?? 0), Date.now() + Number(wait ?? 0)),
        },
      ]),
    );
  }

  return async (alerts) => {
    const chats = [...new Set(alerts.map(({ chat }) => chat))];
    const [isPaused, botUntil, gates] = await Promise.all([
      queue.isPaused(),
      readPausedUntil(redis, deps.prefix),
      readGates(chats),
    ]);
    return alerts.map((alert) => reasonOf(alert, { isPaused, botUntil, gate: gates.get(alert.chat) }));
  };

  function reasonOf(
    alert: WaitingAlert,
    known: { isPaused: boolean; botUntil: number | null; gate: Gate | undefined },
  ): WaitReason {
    const now = Date.now();
    const { gate = { sentAt: 0, blockedUntil: 0 } } = known;
    if (alert.deliverAt !== null && alert.deliverAt > now)
      return { kind: 'scheduled', until: alert.deliverAt };
    if (known.isPaused) return { kind: 'paused' };
    if (known.botUntil !== null) return { kind: 'bot_flood_wait', until: known.botUntil };
    if (gate.blockedUntil > now) return { kind: 'flood_wait', until: gate.blockedUntil };
    const opensAt = gate.sentAt + deps.chatDelayMs;
    return opensAt > now ? { kind: 'chat_pace', until: opensAt } : { kind: 'turn' };
  }
}
