import type { RedisClient } from '../redis/connect.ts';
import type { EndedSignal } from '../services/ports/queue.ts';

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
    for (const done of waiting.get(alertId) ?? []) done();
  }

  return {
    start() {
      deps.subscriber.on('message', (_channel, alertId) => wake(alertId));
      // ioredis resubscribes after a reconnect.
      deps.subscriber.subscribe(channel).catch(() => undefined);
    },

    publish(alertId) {
      wake(alertId);
      deps.publisher.publish(channel, alertId).catch(() => undefined);
    },

    wait(alertId, ms, signal) {
      return new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const others = waiting.get(alertId) ?? new Set();
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          others.delete(done);
          if (others.size === 0) waiting.delete(alertId);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done);
        waiting.set(alertId, others.add(done));
      });
    },
  };
}
