import { Gauge, type Registry } from 'prom-client';
import { within } from '../../async/within.ts';
import type { TelegramState } from '../../services/delivery/telegram-guard.ts';
import type { Clock } from '../../services/ports/clock.ts';
import type { QueueCounts, QueueMotion } from '../../services/ports/queue.ts';

/** Longest wait for what a scrape asks of Redis, in milliseconds. */
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
  /** MAX_QUEUE_SIZE, MAX_SCHEDULED */
  readonly limits: { readonly maxPending: number; readonly maxScheduled: number };
  /** Does Telegram answer this process, and take its token? */
  readonly isTelegramUp: () => boolean;
  /** Only where this process sends. */
  readonly senderState?: () => TelegramState;
  readonly timeoutMs?: number;
}

/** Gauges of queue and Telegram. Returns what measures them anew: to be awaited before a scrape is answered. */
export function addStateGauges(sources: StateSources, registry: Registry): () => Promise<void> {
  addTelegramGauges(sources, registry);
  return measureQueue(sources, registry);
}

function measureQueue(sources: StateSources, registry: Registry): () => Promise<void> {
  const { clock, countQueue, motion, limits, timeoutMs = TIMEOUT_MS } = sources;
  const registers = [registry];
  const up = new Gauge({ name: 'pingui_queue_up', help: '1 if Redis answered this scrape.', registers });
  const jobs = new Gauge({
    name: 'pingui_queue_jobs',
    help: 'Alerts in the queue by state; absent while Redis does not respond.',
    labelNames: ['state'],
    registers,
  });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  gauge('pingui_queue_capacity', 'Most pending alerts that the queue holds.').set(limits.maxPending);
  gauge('pingui_queue_scheduled_capacity', 'Most scheduled alerts that the queue holds.').set(
    limits.maxScheduled,
  );
  const pending = gauge(
    'pingui_queue_pending',
    'Alerts that count for the capacity: accepted, due, not yet ended; absent while Redis does not respond.',
  );
  const scheduled = gauge(
    'pingui_queue_scheduled',
    'Scheduled alerts that have not ended; absent while Redis does not respond.',
  );
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
    for (const one of [pending, scheduled, paused, oldest]) one.remove();
    if (known === undefined) return;
    const [counts, { isPaused, oldestAt }] = known;
    for (const state of QUEUE_STATES) jobs.labels(state).set(counts[state]);
    pending.set(counts.pending);
    scheduled.set(counts.scheduled);
    paused.set(isPaused ? 1 : 0);
    oldest.set(oldestAt === null ? 0 : Math.max(0, clock.now() - oldestAt) / 1000);
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
