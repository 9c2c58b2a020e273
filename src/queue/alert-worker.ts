import { setMaxListeners } from 'node:events';
import { DelayedError, type Job, type Queue, UnrecoverableError, Worker } from 'bullmq';
import { watchClock } from '../async/watch-clock.ts';
import { type AlertOutcome, keepsText } from '../domain/alert.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { Delivery, DeliveryService } from '../services/delivery/delivery.ts';
import { ALERT_QUEUE, type AlertJobData, callUp, KEEP_ENDED, KEEP_TEXT_MS } from './alert-queue.ts';
import { closeWorker, createInFlightWork } from './close-worker.ts';
import { giveTurns } from './due-alerts.ts';
import { createGiveTokenBack, limiterFor } from './limiter.ts';
import { NO_TURN, type Places } from './places.ts';
import { freeLimiter, lookAgain } from './set-back.ts';

/**
 * A dead worker's lock ends after this time, and within STALLED_MS another worker takes its alert up: together well
 * below the 60 s within which an interrupted send must be known as uncertain, and short, because the chat's later alerts
 * wait for it.
 */
const LOCK_MS = 10_000;
const STALLED_MS = 5_000;
/** A database that does not answer is tried again after this time, in ms. */
const FAULT_PAUSE_MS = 1_000;
/** How often the limiter is looked after, in ms. */
const LIMITER_LOOK_MS = 5_000;

export interface AlertWorker {
  start(): Promise<void>;
  /** Finishes the send in flight, also while Redis is away; gives everything else back. Can be called twice. */
  stop(): Promise<void>;
  /** Epoch ms of the last time that an alert was taken up, null before the first. */
  lastActivity(): number | null;
}

/** The thin shell between BullMQ and the delivery service: takes jobs up, and does what follows from a delivery. */
export function createAlertWorker(deps: {
  /** Patient (see connectRedis): a command lost at the end of a job would strand it. */
  redis: RedisClient;
  /** On the same connection. */
  queue: Queue<AlertJobData>;
  /** On a connection that fails fast: what it does not do is no harm, what it does late would be. */
  fastQueue: Queue<AlertJobData>;
  places: Places;
  delivery: DeliveryService;
  prefix: string;
  concurrency: number;
  sendDelayMs: number;
  onError(error: Error): void;
}): AlertWorker {
  const { queue, fastQueue, places } = deps;
  const limiter = limiterFor(deps.sendDelayMs);
  const stopping = new AbortController();
  // Each delivery in hand waits for it, and the guard's one probe does; more would be a leak, which Node then reports.
  setMaxListeners(deps.concurrency + 1, stopping.signal);
  const inFlight = createInFlightWork();
  const giveTokenBack = createGiveTokenBack(limiter, fastQueue, deps.onError);
  let lastActivity: number | null = null;

  async function process(job: Job<AlertJobData>, token?: string): Promise<AlertOutcome> {
    lastActivity = Date.now();
    const delivery = await deliverOrQueueUp(job);
    if (!delivery.called) await giveTokenBack(job);
    if (delivery.form !== undefined) await job.updateData({ ...job.data, form: delivery.form });
    if (delivery.kind === 'ended') return end(job, delivery.outcome);
    await job.moveToDelayed(Date.now() + delivery.ms, token);
    throw new DelayedError();
  }

  /** A fault on our side ends no alert: BullMQ would call the job failed while the ledger calls it queued. */
  async function deliverOrQueueUp(job: Job<AlertJobData>): Promise<Delivery> {
    try {
      if (job.data.deliverAt !== null && job.priority === NO_TURN) {
        await giveTurns(job, { queue, places });
        return { kind: 'defer', ms: 0, called: false };
      }
      const { outcome: _, ...data } = job.data;
      return await inFlight.add(deps.delivery.deliver({ ...data, alertId: idOf(job) }, stopping.signal));
    } catch (error) {
      deps.onError(error instanceof Error ? error : new Error(String(error)));
      return { kind: 'defer', ms: FAULT_PAUSE_MS, called: true };
    }
  }

  async function end(job: Job<AlertJobData>, outcome: AlertOutcome): Promise<AlertOutcome> {
    const { chat, isGroup } = job.data;
    const keep = keepsText(outcome.status, outcome.reason ?? null) ? KEEP_TEXT_MS : 0;
    const next = await places.leave({ alertId: idOf(job), chat, isGroup }, keep);
    if (next !== undefined) await callUp(fastQueue, next.alertId, next.ms);
    if (outcome.status === 'delivered') return outcome;
    await job.updateData({ ...job.data, outcome });
    // Codes, so they may be seen on the board.
    const { status, reason } = outcome;
    throw new UnrecoverableError(reason === undefined ? status : `${status}: ${reason}`);
  }

  const worker: Worker<AlertJobData, AlertOutcome> = new Worker(ALERT_QUEUE, process, {
    connection: deps.redis as never,
    prefix: deps.prefix,
    autorun: false,
    concurrency: deps.concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    // A stalled alert may run again as often as it likes: the ledger's claim decides whether it is sent (decision 1).
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    // No wait for the limiter is longer than it lasts, also when the clock was set back meanwhile.
    ...(limiter === undefined ? {} : { limiter, maximumRateLimitDelay: limiter.duration }),
    removeOnComplete: KEEP_ENDED,
    removeOnFail: KEEP_ENDED,
    metrics: { maxDataPoints: 60 * 24 },
  });
  worker.on('error', deps.onError);

  let running: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  let endWatch = () => {};

  function watchClocks(): void {
    const look = () => void lookAgain(fastQueue).catch(deps.onError);
    const endClock = watchClock(look);
    const timer = setInterval(
      () => void freeLimiter(fastQueue, limiter).catch(deps.onError),
      LIMITER_LOOK_MS,
    );
    timer.unref();
    endWatch = () => {
      endClock();
      clearInterval(timer);
    };
    // It may have been set back while nobody was here.
    look();
  }

  return {
    async start() {
      running = worker.run();
      running.catch(deps.onError);
      watchClocks();
    },
    stop() {
      stopping.abort();
      endWatch();
      stopped ??= closeWorker(worker, { redis: deps.redis, running, inFlight });
      return stopped;
    },
    lastActivity: () => lastActivity,
  };
}

function idOf(job: Job): string {
  if (job.id === undefined) throw new Error('an alert has no job id');
  return job.id;
}
