import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { within } from '../async/within.ts';
import { type DomainEventName, type DomainEvents, type EventBus, REFUSED_ACCESS } from '../domain/events.ts';
import type { TelegramState } from '../services/delivery/telegram-guard.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { QueueCounts } from '../services/ports/queue.ts';
import { createLabelBound } from './metric-labels.ts';

export interface Metrics {
  /** The Prometheus text format. Answers within about 1 s, also while Redis is down. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface MetricsDeps {
  readonly events: EventBus;
  readonly clock: Clock;
  readonly countQueue: () => Promise<QueueCounts>;
  /** MAX_QUEUE_SIZE */
  readonly queueCapacity: number;
  /** Only where this process sends; without it the two gauges about Telegram are left out. */
  readonly telegramState?: () => TelegramState;
  /** When the newest backup on disk was written (epoch ms), if there is one. */
  readonly lastBackupAt?: number;
  /** Memory, CPU, event loop, garbage collection; on unless told otherwise. */
  readonly processMetrics?: boolean;
  /** Longest wait for the queue's counts, in milliseconds. */
  readonly countTimeoutMs?: number;
}

/** Seconds from acceptance to delivery. One a second over a full queue of 500 makes the upper end ordinary. */
const DELIVERY_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800];

const QUEUE_STATES = [
  'waiting',
  'delayed',
  'prioritized',
  'active',
  'completed',
  'failed',
] as const satisfies readonly Exclude<keyof QueueCounts, 'pending' | 'scheduled'>[];

/** Counts what the events tell since this process started, and measures queue and Telegram at each scrape. */
export function createMetrics(deps: MetricsDeps): Metrics {
  const registry = new Registry();
  if (deps.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  countEvents(deps, registry);
  const measureQueue = createQueueGauges(deps, registry);
  if (deps.telegramState !== undefined) addTelegramGauges(registry, deps.telegramState);
  return {
    async render() {
      await measureQueue();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

/** What each event counts. A Record, so that a new event cannot be forgotten; `null`: nothing. */
type Observers = { readonly [N in DomainEventName]: ((event: DomainEvents[N]) => void) | null };

function countEvents(deps: MetricsDeps, registry: Registry): void {
  const { events, clock } = deps;
  const registers = [registry];
  const count = (name: string, help: string) => {
    const counter = new Counter({ name, help, registers });
    return () => counter.inc();
  };
  /** `known`: values that are there from the start, at 0. */
  const countBy = <L extends string>(name: string, label: L, help: string, known: readonly string[] = []) => {
    const counter = new Counter({ name, help, labelNames: [label], registers });
    const bound = createLabelBound();
    for (const value of known) counter.labels(bound(value)).inc(0);
    return (value: string) => counter.labels(bound(value)).inc();
  };

  const accepted = count('pingui_alerts_accepted_total', 'Alerts accepted.');
  const delivered = count('pingui_alerts_delivered_total', 'Alerts that Telegram confirmed.');
  const failed = countBy('pingui_alerts_failed_total', 'reason', 'Alerts that will not arrive.');
  const uncertain = countBy(
    'pingui_alerts_uncertain_total',
    'reason',
    'Alerts that Telegram may or may not have.',
  );
  const expired = count('pingui_alerts_expired_total', 'Alerts whose ttl ran out before they were sent.');
  const dropped = count('pingui_alerts_dropped_total', 'Jobs that the ledger has no entry for.');
  const refused = countBy('pingui_alerts_refused_total', 'code', 'Alerts refused.');
  const deferred = countBy(
    'pingui_alerts_deferred_total',
    'reason',
    'Times an alert was put back in the queue.',
  );
  const resent = countBy('pingui_alerts_resent_total', 'by', 'Alerts queued again on request.');
  const replayed = count('pingui_alerts_replayed_total', 'Repeated requests answered as the first time.');
  const quota = count('pingui_quota_exhausted_total', "Alerts refused because the day's quota was used up.");
  const unreachable = count('pingui_chats_unreachable_total', 'Chats found to be unreachable.');
  const jobFailed = countBy('pingui_jobs_failed_total', 'job', 'Maintenance jobs that failed.');
  const rateLimited = countBy(
    'pingui_telegram_rate_limited_total',
    'scope',
    'Answers 429 of Telegram by whom they are taken to mean.',
    ['chat', 'suspected', 'bot'],
  );
  const authRefused = countBy(
    'pingui_auth_refused_total',
    'kind',
    'Sign-ins, tokens and requests refused.',
    REFUSED_ACCESS,
  );
  const took = new Histogram({
    name: 'pingui_delivery_seconds',
    help: 'Time from acceptance to delivery.',
    buckets: DELIVERY_BUCKETS,
    registers,
  });
  const backupWritten = createBackupGauge(registry, deps.lastBackupAt);

  observe(events, {
    'alert.accepted': accepted,
    'alert.replayed': replayed,
    'alert.refused': ({ code }) => refused(code),
    'alert.sending': null,
    'alert.delivered': ({ tookMs }) => {
      delivered();
      took.observe(tookMs / 1000);
    },
    'alert.failed': ({ reason }) => failed(reason),
    'alert.uncertain': ({ reason }) => uncertain(reason),
    'alert.expired': expired,
    'alert.dropped': dropped,
    'ledger.failed': null,
    'alert.deferred': ({ reason }) => deferred(reason),
    'alert.resent': ({ by }) => resent(by),
    'quota.exhausted': quota,
    'quota.reset': null,
    'integration.created': null,
    'integration.revoked': null,
    'integration.rotated': null,
    'chat.unreachable': unreachable,
    'chat.reachable': null,
    'chat.migrated': null,
    'access.refused': ({ kind }) => authRefused(kind),
    'telegram.unreachable': null,
    'telegram.recovered': null,
    'telegram.halted': null,
    'telegram.rate_limited': ({ scope }) => rateLimited(scope),
    'telegram.flood_ended': null,
    'backup.written': () => backupWritten(clock.now()),
    'job.failed': ({ job }) => jobFailed(job),
    'upkeep.done': null,
  });
}

function observe(events: EventBus, observers: Observers): void {
  const add = <N extends DomainEventName>(name: N) => {
    const observer = observers[name];
    if (observer !== null) events.on(name, observer);
  };
  // Object.keys widens the union to string.
  for (const name of Object.keys(observers) as DomainEventName[]) add(name);
}

/** The gauge appears with the first backup: a 0 would read as a backup in 1970. */
function createBackupGauge(registry: Registry, lastBackupAt: number | undefined): (now: number) => void {
  let gauge: Gauge | undefined;
  const set = (ms: number) => {
    gauge ??= new Gauge({
      name: 'pingui_backup_last_success_timestamp_seconds',
      help: 'When the newest backup was written.',
      registers: [registry],
    });
    gauge.set(ms / 1000);
  };
  if (lastBackupAt !== undefined) set(lastBackupAt);
  return set;
}

function createQueueGauges(deps: MetricsDeps, registry: Registry): () => Promise<void> {
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
  capacity.set(deps.queueCapacity);
  return async () => {
    const counts = await within(deps.countTimeoutMs ?? 1_000, deps.countQueue).catch(() => undefined);
    up.set(counts === undefined ? 0 : 1);
    jobs.reset();
    if (counts === undefined) return;
    for (const state of QUEUE_STATES) jobs.labels(state).set(counts[state]);
  };
}

function addTelegramGauges(registry: Registry, state: () => TelegramState): void {
  const registers = [registry];
  new Gauge({
    name: 'pingui_telegram_up',
    help: '0 while Telegram is unreachable or refuses the bot token.',
    registers,
    collect() {
      this.set(state() === 'ok' ? 1 : 0);
    },
  });
  new Gauge({
    name: 'pingui_worker_halted',
    help: '1 while sending has stopped because Telegram refuses the bot token.',
    registers,
    collect() {
      this.set(state() === 'halted' ? 1 : 0);
    },
  });
}
