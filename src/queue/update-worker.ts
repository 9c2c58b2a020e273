import { setMaxListeners } from 'node:events';
import { DelayedError, type Job, type Queue, Worker } from 'bullmq';
import type { RedisClient } from '../redis/connect.ts';
import type { Update, UpdateService } from '../services/incidents/updates.ts';
import { closeWorker, createInFlightWork } from './close-worker.ts';
import { createGiveTokenBack, limiterFor } from './limiter.ts';
import { UPDATE_QUEUE, type UpdateJobData } from './update-queue.ts';

/** A dead worker's edit is made again by another one after these times, in ms: an edit may be. */
const LOCK_MS = 10_000;
const STALLED_MS = 5_000;
/** A database or Redis that does not answer is tried again after this time, in ms. */
const FAULT_PAUSE_MS = 1_000;

/** The thin shell between BullMQ and the edits. */
export function createUpdateWorker(deps: {
  /** Patient (see connectRedis). */
  redis: RedisClient;
  /** On a connection that fails fast: what it does not do is no harm, what it does late would be. */
  fastQueue: Queue<UpdateJobData>;
  updates: UpdateService;
  prefix: string;
  concurrency: number;
  sendDelayMs: number;
  onError(error: Error): void;
}): { start(): void; stop(): Promise<void> } {
  const limiter = limiterFor(deps.sendDelayMs);
  const stopping = new AbortController();
  setMaxListeners(deps.concurrency + 1, stopping.signal);
  const inFlight = createInFlightWork();
  const giveTokenBack = createGiveTokenBack(limiter, deps.fastQueue, deps.onError);

  async function process(job: Job<UpdateJobData>, token?: string): Promise<void> {
    const update = await updateOrQueueUp(job.data.incidentId);
    if (!update.called) await giveTokenBack(job);
    if (update.kind === 'done') return;
    await job.moveToDelayed(Date.now() + update.ms, token);
    throw new DelayedError();
  }

  async function updateOrQueueUp(incidentId: string): Promise<Update> {
    try {
      return await inFlight.add(deps.updates.update(incidentId, stopping.signal));
    } catch (error) {
      deps.onError(error instanceof Error ? error : new Error(String(error)));
      return { kind: 'later', ms: FAULT_PAUSE_MS, called: true };
    }
  }

  const worker = new Worker<UpdateJobData>(UPDATE_QUEUE, process, {
    connection: deps.redis as never,
    prefix: deps.prefix,
    autorun: false,
    concurrency: deps.concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    ...(limiter === undefined ? {} : { limiter }),
  });
  worker.on('error', deps.onError);
  let running: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  return {
    start() {
      running = worker.run();
      running.catch(deps.onError);
    },
    stop() {
      stopping.abort();
      stopped ??= closeWorker(worker, { redis: deps.redis, running, inFlight });
      return stopped;
    },
  };
}
