import type { EndedSignal } from '../services/ports.ts';
import { sleep } from '../services/telegram-guard.ts';
import type { RedisClient } from './redis.ts';

/** Tells waiting callers in every process, over Redis pub/sub; a lost message costs them only a poll. */
export function createEndedSignal(deps: {
  publisher: RedisClient;
  /** A connection of its own: a subscribed one can do nothing else. */
  subscriber: RedisClient;
  /** `<QUEUE_PREFIX>` */
  prefix: string;
}): EndedSignal & { start(): void } {
  const channel = `${deps.prefix}:ended`;
  const waiting = new Map<string, Set<() => void>>();

  function wake(alertId: string): void {
    for (const resolve of waiting.get(alertId) ?? []) resolve();
  }

  return {
    start() {
      deps.subscriber.on('message', (_channel, alertId) => wake(alertId));
      // ioredis subscribes again by itself after a reconnect.
      deps.subscriber.subscribe(channel).catch(() => undefined);
    },

    publish(alertId) {
      wake(alertId);
      deps.publisher.publish(channel, alertId).catch(() => undefined);
    },

    async wait(alertId, ms, signal) {
      if (signal.aborted) return;
      const done = new AbortController();
      const resolve = () => done.abort();
      const others = waiting.get(alertId) ?? new Set();
      waiting.set(alertId, others.add(resolve));
      try {
        await sleep(ms, AbortSignal.any([signal, done.signal]));
      } finally {
        others.delete(resolve);
        if (others.size === 0) waiting.delete(alertId);
      }
    },
  };
}
