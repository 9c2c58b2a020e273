import type { HealthSource } from '../admin/monitoring/health-routes.ts';
import { newestBackupAt } from '../db/backup/backup-files.ts';
import { createHealth, pingCheck, telegramProbeCheck, telegramStateCheck } from '../ops/health.ts';
import { createMetrics, type Metrics } from '../ops/metrics.ts';
import { createQueueCheck } from '../ops/queue-progress.ts';
import type { Context } from './context.ts';
import type { Core } from './core.ts';
import { createSender, type TelegramAccess } from './telegram.ts';
import type { StartedWorker } from './worker.ts';

/** Above the longest send there may be no progress for this much longer, in ms, before health says so. */
const QUEUE_PATIENCE_MS = 10_000;

/** What there is to observe in this process. */
export interface ObservedParts {
  readonly context: Context;
  readonly core: Core;
  readonly access: TelegramAccess;
  readonly worker: StartedWorker | undefined;
}

/** The health of this process and of what it needs. */
export function observeHealth({ context, core, access, worker }: ObservedParts): HealthSource {
  const { config, clock, events } = context;
  const { database, queue, floodWait } = core;
  const { ready } = createHealth({
    clock,
    checks: {
      // Keys of the queue's: PING would ask any node of a Cluster, not the one that holds the queue.
      redis: pingCheck(queue.counts),
      database: pingCheck(database.ping),
      telegram:
        worker === undefined
          ? telegramProbeCheck(createSender(config, access).probe, clock)
          : telegramStateCheck(worker.guard.state),
      queue: createQueueCheck({
        counts: queue.counts,
        events,
        clock,
        limitMs: config.telegram.timeoutMs + config.worker.sendDelayMs + QUEUE_PATIENCE_MS,
        floodWait,
      }),
    },
  });
  return { live: () => ({ status: 'ok' }), ready };
}

/** What this process did, and how the queue is. */
export async function observeMetrics({ context, core, worker }: ObservedParts): Promise<Metrics> {
  const { config, events, clock } = context;
  const lastBackupAt = await findLastBackup(context);
  return createMetrics({
    events,
    clock,
    countQueue: core.queue.counts,
    queueCapacity: config.queue.maxPending,
    ...(worker === undefined ? {} : { telegramState: worker.guard.state }),
    ...(lastBackupAt === undefined ? {} : { lastBackupAt }),
  });
}

/** Epoch ms. Only where backups are written: elsewhere the time would stay what it was at the start. */
async function findLastBackup({ config, log, has }: Context): Promise<number | undefined> {
  if (!has('scheduler')) return undefined;
  try {
    return await newestBackupAt(config.backup.directory);
  } catch (error) {
    // The service works without it; the next backup fails loudly if this lasts.
    log.warn({ error }, 'Cannot read BACKUP_DIR: the time of the newest backup is unknown');
    return undefined;
  }
}
