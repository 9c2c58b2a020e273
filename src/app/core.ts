import type { Config } from '../config/config.ts';
import { createPayloadCipher } from '../crypto/payload-cipher.ts';
import { createTokens } from '../crypto/tokens.ts';
import { createAlertLedger } from '../db/alerts/alert-ledger.ts';
import { createDatabaseMaintenance } from '../db/backup/database-maintenance.ts';
import type { Database } from '../db/engine/connect.ts';
import { createIntegrationRepository } from '../db/integrations/integration-repository.ts';
import type { createEventBus } from '../domain/events.ts';
import { ALERT_QUEUE, type AlertJobData, createAlertQueue } from '../queue/alert-queue.ts';
import { createEndedSignal } from '../queue/ended-signal.ts';
import { MAINTENANCE_QUEUE } from '../queue/maintenance-queue.ts';
import { openQueue } from '../queue/open-queue.ts';
import { readPausedUntil } from '../queue/pace.ts';
import { createPlaces } from '../queue/places.ts';
import { createWhyWaiting } from '../queue/why-waiting.ts';
import { createAlertService, IDEMPOTENCY_WINDOW_MS } from '../services/alerts/alerts.ts';
import { createIntegrationService } from '../services/integrations/integrations.ts';
import { createMaintenanceService } from '../services/jobs/maintenance.ts';
import { createUpkeepService } from '../services/jobs/upkeep.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { RedisConnections } from './redis.ts';

/** The use cases, on a database and a Redis. Nothing in it runs on its own, except listening for ended alerts. */
export type Core = ReturnType<typeof createCore>;

export function createCore(deps: {
  config: Pick<
    Config,
    'redis' | 'queue' | 'worker' | 'tokens' | 'maxAlerts' | 'timeZone' | 'backup' | 'telegram'
  >;
  secret: string;
  db: Database;
  redis: Pick<RedisConnections, 'fast' | 'subscriber'>;
  clock: Clock;
  events: ReturnType<typeof createEventBus>;
  onError(error: Error): void;
}) {
  const { config, db, redis, clock, events } = deps;
  const { prefix } = config.redis;
  const cipher = createPayloadCipher(deps.secret);
  const tokens = createTokens({ secret: deps.secret, clock, ...config.tokens });
  const repository = createIntegrationRepository(db);
  const ledger = createAlertLedger(db, { idempotencyWindowMs: IDEMPOTENCY_WINDOW_MS });
  const database = createDatabaseMaintenance(db);
  const connection = { redis: redis.fast, prefix, onError: deps.onError };
  const alertJobs = openQueue<AlertJobData>(ALERT_QUEUE, connection);
  /** For the board: the jobs themselves run in createMaintenanceQueue, where the role scheduler is. */
  const maintenanceJobs = openQueue(MAINTENANCE_QUEUE, connection);
  const limits = config.queue;
  const places = createPlaces({ redis: redis.fast, prefix, limits, ...config.worker });
  const queue = createAlertQueue({
    queue: alertJobs,
    places,
    limits,
    sendDelayMs: config.worker.sendDelayMs,
  });
  const pausedUntil = () => readPausedUntil(redis.fast, prefix);
  const whyWaiting = createWhyWaiting({
    redis: redis.fast,
    queue: alertJobs,
    prefix,
    chatDelayMs: config.worker.chatDelayMs,
  });
  const ended = createEndedSignal({ publisher: redis.fast, subscriber: redis.subscriber, prefix });
  const integrations = createIntegrationService({
    integrations: repository,
    queue,
    tokens,
    cipher,
    events,
    clock,
    dailyLimit: config.maxAlerts,
  });
  const alerts = createAlertService({
    ledger,
    queue,
    integrations: repository,
    cipher,
    ended,
    events,
    clock,
    timeZone: config.timeZone,
  });
  const maintenance = createMaintenanceService({
    integrations: repository,
    database,
    events,
    clock,
    timeZone: config.timeZone,
    backupDir: config.backup.directory,
    backupKeep: config.backup.keep,
  });
  const upkeep = createUpkeepService({
    integrations: repository,
    ledger,
    queue,
    ended,
    cipher,
    events,
    clock,
    telegramTimeoutMs: config.telegram.timeoutMs,
  });
  return {
    ...{
      cipher,
      tokens,
      repository,
      ledger,
      database,
      alertJobs,
      maintenanceJobs,
      queue,
      ended,
      pausedUntil,
      whyWaiting,
    },
    ...{ integrations, alerts, maintenance, upkeep },
    /** Ends BullMQ's hold on the connections, which stay the caller's. */
    async close(): Promise<void> {
      await Promise.all([alertJobs.close(), maintenanceJobs.close()]);
    },
  };
}
