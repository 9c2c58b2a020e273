import { Gauge, type Registry } from 'prom-client';
import { within } from '../../async/within.ts';
import type { JobHistory } from '../../domain/jobs.ts';
import type { TelegramState } from '../../services/delivery/telegram-guard.ts';
import type { Clock } from '../../services/ports/clock.ts';
import type { QueueCounts, QueueMotion } from '../../services/ports/queue.ts';

/** Longest wait for what a scrape asks of Redis and the database, in milliseconds. */
const TIMEOUT_MS = 1_000;

const QUEUE_STATES = [
  'waiting',
  'delayed',
  'prioritized',
  'active',
  'completed',
  'failed',
] as const satisfies readonly Exclude<keyof QueueCounts, 'pending' | 'scheduled'>[];

export interface StateSources {
  readonly clock: Clock;
  readonly countQueue: () => Promise<QueueCounts>;
  readonly motion: () => Promise<QueueMotion>;
  readonly jobHistory: () => Promise<JobHistory>;
  /** MAX_QUEUE_SIZE */
  readonly queueCapacity: number;
  /** Does Telegram answer this process, and take its token? */
  readonly isTelegramUp: () => boolean;
  /** Only where this process sends. */
  readonly senderState?: () => TelegramState;
  readonly timeoutMs?: number;
}

/** Gauges of queue, jobs and Telegram. Returns what measures them anew: to be awaited before a scrape is answered. */
export function addStateGauges(sources: StateSources, registry: Registry): () => Promise<void> {
  addTelegramGauges(sources, registry);
  const measure = [measureQueue(sources, registry), measureJobs(sources, registry)];
  return async () => {
    await Promise.all(measure.map((one) => one()));
  };
}

function measureQueue(sources: StateSources, registry: Registry): () => Promise<void> {
  const { clock, countQueue, motion, timeoutMs = TIMEOUT_MS } = sources;
  const registers = [registry];
  const up = new Gauge({ name: 'pingui_queue_up', help: '1 if Redis answered this scrape.', registers });
  const jobs = new Gauge({
    name: 'pingui_queue_jobs',
    help: 'Alerts in the queue by state; absent while Redis does not respond.',
    labelNames: ['state'],
    registers,
  });
  const capacity = new Gauge({
    name: 'pingui_queue_capacity',
    help: 'Most pending alerts that the queue holds.',
    registers,
  });
  capacity.set(sources.queueCapacity);
  // Without a label value they can be absent, too.
  const paused = new Gauge({
    name: 'pingui_queue_paused',
    help: '1 while an operator has paused the queue; absent while Redis does not respond.',
    registers,
  });
  const oldest = new Gauge({
    name: 'pingui_queue_oldest_age_seconds',
    help: 'How long the alert that waits longest could have been sent, 0 if none waits; absent while Redis does not respond.',
    registers,
  });
  return async () => {
    const known = await within(timeoutMs, () => Promise.all([countQueue(), motion()])).catch(() => undefined);
    up.set(known === undefined ? 0 : 1);
    jobs.reset();
    paused.remove();
    oldest.remove();
    if (known === undefined) return;
    const [counts, { isPaused, oldestAt }] = known;
    for (const state of QUEUE_STATES) jobs.labels(state).set(counts[state]);
    paused.set(isPaused ? 1 : 0);
    oldest.set(oldestAt === null ? 0 : Math.max(0, clock.now() - oldestAt) / 1000);
  };
}

/** Asked of the database at each scrape, so that a process that runs no jobs knows it, too. */
function measureJobs(sources: StateSources, registry: Registry): () => Promise<void> {
  const { jobHistory, timeoutMs = TIMEOUT_MS } = sources;
  const gauge = new Gauge({
    name: 'pingui_job_last_success_timestamp_seconds',
    help: 'When each scheduled job last succeeded, in any process; absent until it has, or while the database does not respond.',
    labelNames: ['job'],
    registers: [registry],
  });
  return async () => {
    const history = await within(timeoutMs, jobHistory).catch(() => undefined);
    gauge.reset();
    for (const [job, at] of Object.entries(history?.lastSuccess ?? {})) gauge.labels(job).set(at / 1000);
  };
}

function addTelegramGauges({ isTelegramUp, senderState }: StateSources, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'pingui_telegram_up',
    help: '0 while Telegram is unreachable or refuses the bot token.',
    registers,
    collect() {
      this.set(isTelegramUp() ? 1 : 0);
    },
  });
  if (senderState === undefined) return;
  new Gauge({
    name: 'pingui_worker_halted',
    help: '1 while sending has stopped because Telegram refuses the bot token.',
    registers,
    collect() {
      this.set(senderState() === 'halted' ? 1 : 0);
    },
  });
}
