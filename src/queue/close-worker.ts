import { once } from 'node:events';
import type { Worker } from 'bullmq';
import { pause } from '../async/pause.ts';
import { within } from '../async/within.ts';
import type { RedisClient } from '../redis/connect.ts';

/** What of the jobs under way is ours to finish, also without Redis. */
interface InFlightWork {
  /** Gives the work back as it is. */
  add<T>(work: Promise<T>): Promise<T>;
  /** Resolves when all that was added has ended, however it ended. */
  ended(): Promise<void>;
}

export function createInFlightWork(): InFlightWork {
  const inFlight = new Set<Promise<unknown>>();
  return {
    add(work) {
      inFlight.add(work);
      const forget = () => inFlight.delete(work);
      work.then(forget, forget);
      return work;
    },
    async ended() {
      await Promise.allSettled(inFlight);
    },
  };
}

/** A Redis that does not answer a PING within this time, in ms, is away for a stop: frozen, or beyond a dead network. */
const ANSWER_LIMIT_MS = 500;
/** What BullMQ is given to write down the outcome of the last work, in ms: a few round trips. */
const WRITE_LIMIT_MS = 1_000;

/**
 * Ends a worker: no new jobs, those in hand are finished. While Redis is away BullMQ (6.7) would wait for it forever:
 * for a connection that never became ready, for the end of one that is between two tries, of which ioredis then tells
 * nothing, or for a frozen one's answer. So it is not asked to wait, only the work in hand is; what Redis does not get
 * to know of it is a stalled job to the next worker, as after a crash. BullMQ fetches over a second connection, which
 * may still be between two tries when this one is back, and nothing shows that; so the wait has a limit here too.
 * @param deps.redis the worker's connection; `running`: what its run() gave
 */
export async function closeWorker(
  worker: Worker,
  deps: { redis: RedisClient; running: Promise<void> | undefined; inFlight: InFlightWork },
): Promise<void> {
  const { inFlight } = deps;
  if (!(await answers(deps.redis))) {
    await worker.close(true);
    await inFlight.ended();
    return;
  }
  const done = new AbortController();
  const closed = worker.close().then(() => deps.running?.catch(() => undefined));
  // It may go away meanwhile.
  const lost = once(deps.redis, 'close', { signal: done.signal }).then(
    () => inFlight.ended(),
    () => closed,
  );
  const givenUp = inFlight
    .ended()
    .then(() => pause(WRITE_LIMIT_MS, done.signal))
    .then(() => inFlight.ended());
  await Promise.race([closed, lost, givenUp]).finally(() => done.abort());
}

async function answers(redis: RedisClient): Promise<boolean> {
  if (redis.status !== 'ready') return false;
  return within(ANSWER_LIMIT_MS, () => redis.ping()).then(
    () => true,
    () => false,
  );
}
