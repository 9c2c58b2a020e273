import type { Queue } from 'bullmq';
import { Packr } from 'msgpackr';
import { AppError } from '../domain/errors.ts';
import { createGroup, type Settled } from '../group.ts';
import type { AlertJob, AlertQueue } from '../services/ports.ts';
import type { QueueCommands } from './commands.ts';
import type { RedisClient } from './redis.ts';
import { MAX_TURN, QUEUE_FULL } from './turn-scripts.ts';

export const ALERT_QUEUE = 'alerts';
const JOB_NAME = 'alert';
/** Seconds that a failed or uncertain alert keeps its ciphertext for a resend by hand: 24 h (the contract). */
const KEEP_SECONDS = 86_400;
/** Adds per round trip: about 2 ms of Redis's time. */
const ADD_BATCH = 64;
/** Removals per round trip. */
const REMOVE_BATCH = 100;

/** What BullMQ stores with each alert: never repeated by itself, forgotten when delivered. */
const JOB_OPTIONS = { attempts: 1, removeOnComplete: true, removeOnFail: { age: KEEP_SECONDS } };

/**
 * The producer's side of the queue. `redis` fails fast (see connectRedis). Adds run BullMQ's own add scripts behind a
 * prelude that holds the cap and gives the alert its turn, so that each is one atomic round trip.
 */
export function createAlertQueue(deps: {
  queue: Queue;
  redis: RedisClient & QueueCommands;
  /** `<QUEUE_PREFIX>:alerts:` */
  base: string;
  /** Most pending alerts: waiting, delayed and prioritized together. */
  maxPending: number;
  /** Milliseconds between sends: for the Retry-After of a full queue. */
  sendDelayMs: number;
  /** Highest turn before the turns are renumbered (see turn-scripts.ts). */
  maxTurn?: number;
}): AlertQueue {
  const { queue, redis, base, maxPending, maxTurn = MAX_TURN } = deps;
  // The same form of msgpack as BullMQ's own (its redis-queue-backend.js).
  const packer = new Packr({ useRecords: false, encodeUndefinedAsNil: true });
  const packedOptions = packer.pack({ ...JOB_OPTIONS, priority: 1 });
  const keys = (...names: string[]) => names.map((name) => base + name);
  const addKeys = keys(
    'marker',
    'meta',
    'id',
    'prioritized',
    'delayed',
    'completed',
    'active',
    'events',
    'pc',
  );
  const laterKeys = keys('marker', 'meta', 'id', 'delayed', 'completed', 'events');

  /** What BullMQ's add scripts read first: key prefix, id, name, timestamp, and seven things that we do not use. */
  const headOf = (job: AlertJob, now: number) =>
    packer.pack([base, job.alertId, JOB_NAME, now, null, null, undefined, undefined, null, null]);

  /** The adds of one event-loop turn are one command; a turn does not wait for the one before it. */
  const addNow = createGroup<AlertJob, unknown>(
    async (jobs) => {
      const now = Date.now();
      const args = jobs.flatMap((job) => [
        headOf(job, now),
        JSON.stringify(job),
        job.chat,
        job.priority === 'high' ? '1' : '0',
      ]);
      const answers = await redis.pinguiAddNow(...addKeys, maxPending, maxTurn, packedOptions, ...args);
      // The script answers with a list, one for each job.
      return (answers as unknown[]).map((value): Settled<unknown> => ({ ok: true, value }));
    },
    { maxItems: ADD_BATCH, overlap: true },
  );

  function addLater(job: AlertJob, now: number, delay: number): Promise<unknown> {
    const options = packer.pack({ ...JOB_OPTIONS, priority: 1, delay });
    return redis.pinguiAddLater(...laterKeys, headOf(job, now), JSON.stringify(job), options, maxPending);
  }

  async function add(job: AlertJob): Promise<void> {
    const now = Date.now();
    const delay = job.deliverAt === null ? 0 : job.deliverAt - now;
    const result = await answered(delay > 0 ? addLater(job, now, delay) : addNow(job));
    if (result === QUEUE_FULL) throw queueFull();
    if (typeof result === 'number' && result < 0) {
      throw new AppError('queue_unavailable', UNAVAILABLE, {
        retryAfterSeconds: 5,
        cause: `add answered ${result}`,
      });
    }
  }

  function queueFull(): AppError {
    return new AppError(
      'queue_full',
      `${maxPending} alerts are waiting, as many as the queue takes. Nothing was accepted; try again later.`,
      { retryAfterSeconds: Math.max(1, Math.ceil(deps.sendDelayMs / 1000)) },
    );
  }

  return {
    add,

    async remove(alertIds) {
      for (let start = 0; start < alertIds.length; start += REMOVE_BATCH) {
        // A job that is active cannot be removed; the worker drops it, since its entry has ended.
        await Promise.allSettled(alertIds.slice(start, start + REMOVE_BATCH).map((id) => queue.remove(id)));
      }
    },

    async existing(alertIds) {
      const held = await answered(
        Promise.all(
          alertIds.map(async (id) => {
            const [exists, failedAt] = await Promise.all([
              redis.exists(base + id),
              redis.zscore(`${base}failed`, id),
            ]);
            return exists === 1 && failedAt === null;
          }),
        ),
      );
      return new Set(alertIds.filter((_, index) => held[index]));
    },

    async findKept(alertId) {
      const [failedAt, data] = await answered(
        Promise.all([redis.zscore(`${base}failed`, alertId), redis.hget(base + alertId, 'data')]),
      );
      // Written by `add` alone.
      return failedAt === null || data === null ? undefined : (JSON.parse(data) as AlertJob);
    },

    async requeue(alertId) {
      const kept = await this.findKept(alertId);
      if (kept === undefined)
        throw new AppError('not_resendable', 'The text of this alert is not kept any more.');
      const result = await answered(
        redis.pinguiRequeue(
          ...[
            base + alertId,
            ...keys('events', 'failed', 'wait', 'meta', 'active', 'marker', 'prioritized', 'pc'),
          ],
          alertId,
          'LPUSH',
          'failedReason',
          'failed',
          '1',
          '1',
          maxPending,
          base,
          kept.chat,
          kept.priority === 'high' ? '1' : '0',
          maxTurn,
        ),
      );
      if (result === QUEUE_FULL) throw queueFull();
      if (result !== 1) throw new AppError('not_resendable', 'This alert is being sent again already.');
    },

    async purgeKept(before) {
      const age = Math.max(0, Date.now() - before);
      return (await queue.clean(age, 1_000, 'failed')).length;
    },

    async counts() {
      const [waiting, delayed, prioritized, active, failed] = await answered(
        Promise.all([
          redis.llen(`${base}wait`),
          redis.zcard(`${base}delayed`),
          redis.zcard(`${base}prioritized`),
          redis.llen(`${base}active`),
          redis.zcard(`${base}failed`),
        ]),
      );
      return { pending: waiting + delayed + prioritized, waiting, delayed, prioritized, active, failed };
    },
  };
}

const UNAVAILABLE = 'The queue cannot be reached. Nothing was accepted; try again in a few seconds.';

async function answered<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    throw new AppError('queue_unavailable', UNAVAILABLE, { retryAfterSeconds: 5, cause: error });
  }
}
