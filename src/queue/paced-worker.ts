import { setMaxListeners } from 'node:events';
import { DelayedError, type Job, type Queue, Worker, type WorkerOptions } from 'bullmq';
import { watchClock } from '../async/watch-clock.ts';
import type { RedisClient } from '../redis/connect.ts';
import { closeWorker, createInFlightWork } from './close-worker.ts';
import { createGiveTokenBack, limiterFor } from './limiter.ts';
import { freeLimiter, lookAgain } from './set-back.ts';

/**
 * A dead worker's lock ends after this time, and within STALLED_MS another worker takes its job up: together well below
 * the 60 s within which an interrupted send must be known as uncertain, and short, because the chat's later alerts wait
 * for it.
 */
const LOCK_MS = 10_000;
const STALLED_MS = 5_000;
/** How often the limiter is looked after, in ms. */
const LIMITER_LOOK_MS = 5_000;

export interface PacedWorkerDeps<Data> {
  /** Patient (see connectRedis): a command lost at the end of a job would strand it. */
  readonly redis: RedisClient;
  /** On a connection that fails fast: what it does not do is no harm, what it does late would be. */
  readonly fastQueue: Queue<Data>;
  readonly prefix: string;
  readonly concurrency: number;
  readonly sendDelayMs: number;
  onError(error: Error): void;
}

/** What the work on one job may ask of its worker. */
export interface Hand {
  /** Aborted when the worker stops. */
  readonly stopping: AbortSignal;
  /** A stop waits for it. */
  finish<T>(work: Promise<T>): Promise<T>;
}

/** What one look at a job came to. */
type Look<Result> =
  /** `end` gives the job's result, or throws; after the limiter's token is given back, since it may take its time. */
  | { readonly kind: 'ended'; readonly end: () => Result | Promise<Result>; readonly called: boolean }
  /** Again in `ms`. `called`: it cost a call of Telegram; if not, the limiter's token is given back. */
  | { readonly kind: 'later'; readonly ms: number; readonly called: boolean };

export interface PacedWorker {
  start(): void;
  /** Finishes the work in hand, also while Redis is away; gives everything else back. Can be called twice. */
  stop(): Promise<void>;
}

/**
 * A worker whose jobs call Telegram, with BullMQ's limiter as the gate over all workers. It puts jobs off for those who
 * look at them, and survives clocks that are set back.
 */
export function createPacedWorker<Data, Result>(
  name: string,
  look: (job: Job<Data>, hand: Hand) => Promise<Look<Result>>,
  deps: PacedWorkerDeps<Data>,
  options: Pick<WorkerOptions, 'removeOnComplete' | 'removeOnFail' | 'metrics'> = {},
): PacedWorker {
  const { fastQueue, onError } = deps;
  const limiter = limiterFor(deps.sendDelayMs);
  const stopping = new AbortController();
  // Each job in hand waits for it, and the guard's one probe does; more would be a leak, which Node then reports.
  setMaxListeners(deps.concurrency + 1, stopping.signal);
  const inFlight = createInFlightWork();
  const giveTokenBack = createGiveTokenBack(limiter, fastQueue, onError);
  const hand: Hand = { stopping: stopping.signal, finish: inFlight.add };

  async function process(job: Job<Data>, token?: string): Promise<Result> {
    const seen = await look(job, hand);
    if (!seen.called) await giveTokenBack(job);
    if (seen.kind === 'ended') return seen.end();
    await job.moveToDelayed(Date.now() + seen.ms, token);
    throw new DelayedError();
  }

  const worker = new Worker<Data, Result>(name, process, {
    connection: deps.redis as never,
    prefix: deps.prefix,
    autorun: false,
    concurrency: deps.concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    // A stalled job may run again as often as it likes: the database decides what is still to be done (decision 1).
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    // No wait for the limiter is longer than it lasts, also when the clock was set back meanwhile.
    ...(limiter === undefined ? {} : { limiter, maximumRateLimitDelay: limiter.duration }),
    ...options,
  });
  worker.on('error', onError);

  let running: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  let endWatch = () => {};

  function watchClocks(): void {
    const again = () => void lookAgain(fastQueue).catch(onError);
    const endClock = watchClock(again);
    const timer = setInterval(() => void freeLimiter(fastQueue, limiter).catch(onError), LIMITER_LOOK_MS);
    timer.unref();
    endWatch = () => {
      endClock();
      clearInterval(timer);
    };
    // It may have been set back while nobody was here.
    again();
  }

  return {
    start() {
      running = worker.run();
      running.catch(onError);
      watchClocks();
    },
    stop() {
      stopping.abort();
      endWatch();
      stopped ??= closeWorker(worker, { redis: deps.redis, running, inFlight });
      return stopped;
    },
  };
}
