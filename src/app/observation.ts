import type { HealthSource } from '../admin/monitoring/health-routes.ts';
import { ADAPTER_NAMES } from '../ingest/adapters.ts';
import { createAcceptEvidence } from '../ops/checks/accept-evidence.ts';
import { createJobsCheck } from '../ops/checks/jobs-check.ts';
import { createQueueCheck } from '../ops/checks/queue-check.ts';
import { createTelegramCheck } from '../ops/checks/telegram-check.ts';
import { createWriteCheck } from '../ops/checks/write-check.ts';
import { type Check, type CheckName, createHealth, type Health } from '../ops/health.ts';
import { watchHealth } from '../ops/health-watch.ts';
import { createMetrics, type Metrics } from '../ops/metrics/metrics.ts';
import { createRequestLog } from '../ops/requests.ts';
import { startTelegramWatch, type TelegramWatch } from '../ops/telegram-watch.ts';
import type { StartedUpdates } from './bot.ts';
import type { Context } from './context.ts';
import type { Core } from './core.ts';
import { createProbe, type TelegramAccess } from './telegram.ts';
import { readVersion } from './version.ts';
import type { StartedWorker } from './worker.ts';

/** Above the longest send there may be no progress for this much longer, in ms, before health says so. */
const QUEUE_PATIENCE_MS = 10_000;

/** How long the queue may make no progress, in ms. */
export function queueLimitMs({ telegram, worker }: Context['config']): number {
  return telegram.timeoutMs + worker.sendDelayMs + QUEUE_PATIENCE_MS;
}

/** A row that was committed holds for so long, in ms: at one commit per 5 s a trouble shows within 15 s. */
export const COMMIT_HOLDS_MS = 5_000;

/** What there is to observe in this process. */
export interface ObservedParts {
  readonly context: Context;
  readonly core: Core;
  readonly access: TelegramAccess;
  readonly worker: StartedWorker | undefined;
  readonly updates: StartedUpdates | undefined;
}

/** What is known of this process and of what it needs. */
export interface Observation {
  readonly health: HealthSource;
  readonly metrics: Metrics;
  /** For the HTTP server: a line in the log, and a metric. */
  observeRequest: Metrics['observeRequest'];
  stop(): void;
}

/** Health looks at itself, so that a trouble is in the log before anybody asks; Telegram is probed while nobody sends. */
export async function startObservation(parts: ObservedParts): Promise<Observation> {
  const { context, access } = parts;
  const { config, events, clock } = context;
  const probe = createProbe(config, access, events);
  const telegram = startTelegramWatch({ events, probe, clock });
  const { ready } = createHealth({ clock, checks: createChecks(parts, telegram) });
  const endWatch = watchHealth({ health: { ready }, events });
  const metrics = observeMetrics(parts, telegram, { ready });
  const logRequest = createRequestLog(context.log.child('api'));
  return {
    health: { live: () => ({ status: 'ok' }), ready },
    metrics,
    observeRequest(request) {
      logRequest(request);
      metrics.observeRequest(request);
    },
    stop() {
      endWatch();
      telegram.stop();
    },
  };
}

function createChecks(parts: ObservedParts, watch: TelegramWatch): Record<CheckName, Check> {
  const { context, core, worker, updates } = parts;
  const { config, clock, events } = context;
  const accepts = createAcceptEvidence(events, clock);
  const provenAt = accepts.acceptedAt;
  return {
    redis: createWriteCheck({
      write: core.probeRedis,
      clock,
      holdsMs: 0,
      provenAt,
      isRefusing: () => accepts.isRefusing('queue_unavailable'),
    }),
    database: createWriteCheck({
      write: () => core.database.probeWrite(clock.now()),
      clock,
      holdsMs: COMMIT_HOLDS_MS,
      provenAt,
      isRefusing: () => accepts.isRefusing('database_unavailable'),
    }),
    telegram: createTelegramCheck({
      watch,
      clock,
      ...(worker === undefined ? {} : { sender: worker.guard.state }),
      ...(updates === undefined ? {} : { updates: updates.state }),
    }),
    queue: createQueueCheck({
      counts: core.queue.counts,
      motion: core.motion,
      isForeign: core.isForeign,
      events,
      clock,
      limitMs: queueLimitMs(config),
      limits: config.queue,
    }),
    jobs: createJobsCheck({ history: core.jobRuns.history, clock, timeZone: config.timeZone }),
  };
}

function observeMetrics(
  { context, core, worker }: ObservedParts,
  watch: TelegramWatch,
  health: Pick<Health, 'ready'>,
): Metrics {
  const { config, events, clock } = context;
  const senderState = worker?.guard.state;
  return createMetrics({
    events,
    clock,
    version: readVersion(),
    adapters: ADAPTER_NAMES,
    countQueue: core.queue.counts,
    motion: core.motion,
    jobHistory: core.jobRuns.history,
    nameOf: async (id) => (await core.repository.findById(id))?.name,
    limits: config.queue,
    health,
    processes: core.processes,
    incidents: core.glance.incidents,
    isTelegramUp: () => watch.state() === 'ok' && (senderState?.() ?? 'ok') === 'ok',
    ...(senderState === undefined ? {} : { senderState }),
  });
}
