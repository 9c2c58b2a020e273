import { setMaxListeners } from 'node:events';
import { DelayedError, type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { DeliveryService, Directive } from '../services/delivery.ts';
import type { AlertJob } from '../services/ports.ts';
import { ALERT_QUEUE } from './alert-queue.ts';
import { closeWorker, createWorkInHand } from './close-worker.ts';
import type { QueueCommands } from './commands.ts';
import type { RedisClient } from './redis.ts';
import { MAX_TURN } from './turn-scripts.ts';

/**
 * A dead worker's lock ends after this time, and within STALLED_MS another worker takes its alert up: together well
 * below the 60 s within which an interrupted send must be known as uncertain, and short, since the chat's later alerts
 * wait for it.
 */
const LOCK_MS = 10_000;
const STALLED_MS = 5_000;
/** A database that does not answer is asked again after this time, in ms. */
const FAULT_PAUSE_MS = 1_000;

export interface AlertWorker {
  start(): Promise<void>;
  /** Finishes the send in flight, also while Redis is away; gives everything else back. Can be called twice. */
  stop(): Promise<void>;
  /** Epoch ms of the last time that an alert was taken up, null before the first. */
  lastActivity(): number | null;
}

/** The thin shell between BullMQ and the delivery service: takes jobs, does what the directive says. */
export function createAlertWorker(deps: {
  /** Patient (see connectRedis): a command lost at the end of a job would strand it. */
  redis: RedisClient & QueueCommands;
  delivery: DeliveryService;
  prefix: string;
  concurrency: number;
  onError(error: Error): void;
}): AlertWorker {
  const base = `${deps.prefix}:${ALERT_QUEUE}:`;
  const stopping = new AbortController();
  // Each delivery in hand waits for it, and the guard's one probe does; more would be a leak, which Node then reports.
  setMaxListeners(deps.concurrency + 1, stopping.signal);
  const inHand = createWorkInHand();
  let lastActivity: number | null = null;

  async function process(job: Job<AlertJob>, token?: string): Promise<void> {
    lastActivity = Date.now();
    // A fault of ours ends no alert: BullMQ would call the job failed while the ledger calls it queued.
    const directive = await deliver(job.data).catch((error: Error) => {
      deps.onError(error);
      return { kind: 'defer', ms: FAULT_PAUSE_MS } as const;
    });
    switch (directive.kind) {
      case 'done':
        return;
      case 'keep':
        // The reason is a code, so it may be seen on the board.
        throw new UnrecoverableError(directive.reason);
      case 'defer':
        return defer(job, directive.ms, token);
      case 'pause':
        // Kept in Redis: all workers obey it, also after a restart.
        await worker.rateLimit(directive.ms);
        throw Worker.RateLimitError();
      case 'give_back':
        await job.moveToWait(token);
        throw new WaitingError();
    }
  }

  async function deliver(data: AlertJob): Promise<Directive> {
    if (data.deliverAt !== null && (await mustQueueUp(data))) return { kind: 'defer', ms: 1 };
    return inHand.add(deps.delivery.deliver(data, stopping.signal));
  }

  /** True if a scheduled alert that is due now has others before it. */
  async function mustQueueUp(data: AlertJob): Promise<boolean> {
    const high = data.priority === 'high' ? '1' : '0';
    const args = [base, data.alertId, data.chat, high, MAX_TURN];
    return (await deps.redis.pinguiTurnWhenDue(`${base}pace`, ...args)) === 1;
  }

  async function defer(job: Job, ms: number, token: string | undefined): Promise<never> {
    await job.moveToDelayed(Date.now() + ms, token);
    throw new DelayedError();
  }

  const worker: Worker<AlertJob> = new Worker<AlertJob>(ALERT_QUEUE, process, {
    connection: deps.redis as RedisClient as never,
    prefix: deps.prefix,
    autorun: false,
    concurrency: deps.concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    // A stalled alert may run again as often as it likes: the ledger's claim decides whether it is sent (decision 1).
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    // The pace is kept per send, by pace.ts (decision 2); the limiter is here only because pausing all workers
    // (worker.rateLimit) needs one. It never binds.
    limiter: { max: 1_000_000, duration: 1_000 },
    metrics: { maxDataPoints: 60 * 24 },
  });
  worker.on('error', deps.onError);

  let running: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  return {
    async start() {
      running = worker.run();
      running.catch(deps.onError);
    },
    stop() {
      stopping.abort();
      stopped ??= closeWorker(worker, { redis: deps.redis, running, inHand });
      return stopped;
    },
    lastActivity: () => lastActivity,
  };
}
