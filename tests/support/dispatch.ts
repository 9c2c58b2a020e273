import { Queue } from 'bullmq';
import {
  ALERT_QUEUE,
  type AlertJobData,
  createAlertQueue,
  dropAbandoned,
} from '../../src/queue/alert-queue.ts';
import type { DispatchCommands } from '../../src/queue/commands.ts';
import { createFreeIn } from '../../src/queue/free-in.ts';
import { createPace } from '../../src/queue/pace.ts';
import { createPlaces } from '../../src/queue/places.ts';
import type { RedisClient } from '../../src/redis/connect.ts';
import type { Delivery } from '../../src/services/delivery/delivery.ts';
import type { AlertJob } from '../../src/services/ports/queue.ts';

/** The only installation on the tests' Redis. */
export const OURS = { claim: async () => true, isForeign: () => false, adopt: async () => undefined };

export interface DispatchOptions {
  readonly prefix: string;
  readonly maxPending?: number;
  readonly maxPendingPerChat?: number;
  readonly maxScheduled?: number;
  readonly maxScheduledPerChat?: number;
  readonly maxTurn?: number;
  readonly sendDelayMs?: number;
  readonly chatDelayMs?: number;
  readonly groupLimitPerMinute?: number;
}

export type Dispatch = ReturnType<typeof openDispatch>;

/**
 * The alert queue as the composition root wires it, on one connection, without limits on the pace unless told otherwise.
 * `pace` may have a connection of its own (the worker's).
 */
export function openDispatch(
  redis: RedisClient & DispatchCommands,
  options: DispatchOptions,
  paceRedis = redis,
) {
  const { prefix } = options;
  const { prefix: _, ...given } = options;
  const limits = {
    maxPending: 500,
    maxPendingPerChat: 0,
    maxScheduled: 10_000,
    maxScheduledPerChat: 10_000,
    ...given,
  };
  const rates = { sendDelayMs: 0, chatDelayMs: 0, groupLimitPerMinute: 0, ...given };
  const queue = new Queue<AlertJobData>(ALERT_QUEUE, {
    // BullMQ types its clients more loosely than ioredis does.
    connection: redis as RedisClient as never,
    prefix,
    skipWaitingForReady: true,
    skipVersionCheck: true,
  });
  queue.on('error', () => undefined);
  const places = createPlaces({ redis, prefix, limits, ...rates });
  return {
    prefix,
    redis,
    queue,
    places,
    limits,
    rates,
    alerts: createAlertQueue({
      queue,
      places,
      limits,
      ownership: OURS,
      freeIn: createFreeIn({ redis, prefix, ...rates }),
    }),
    pace: createPace({
      redis: paceRedis,
      prefix,
      ...rates,
      dropAbandoned: (job) => dropAbandoned(job, { queue, places }),
    }),
    /** As if it had never been added: neither a job nor a place. */
    async discard(...alertIds: string[]): Promise<void> {
      for (const id of alertIds) {
        await queue.remove(id);
        const chat = (await places.chatsOf([id])).get(id) ?? '';
        await places.leave({ alertId: id, chat, isGroup: false }, 0);
      }
    },
    /** Ids in the order in which BullMQ will hand them out. */
    order: async () => (await queue.getJobs(['prioritized'], 0, -1, true)).map(({ id }) => id),
  };
}

export const SEALED = 'c2VhbGVk';

export function alertJob(alertId: string, chat: string, options: Partial<AlertJob> = {}): AlertJob {
  return {
    alertId,
    integrationId: 1,
    chat,
    isGroup: false,
    priority: 'normal',
    deliverAt: null,
    bytes: 6,
    ...options,
  };
}

/** What a delivery gives that succeeded. */
export const DELIVERED: Delivery = {
  kind: 'ended',
  called: true,
  outcome: { status: 'delivered', parts: 1, messageIds: [1], tookMs: 1 },
};
