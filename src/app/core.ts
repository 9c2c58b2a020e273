import type { Config } from '../config/config.ts';
import { createKeySource } from '../crypto/key-source.ts';
import { createPayloadCipher } from '../crypto/payload-cipher.ts';
import { createTokens } from '../crypto/tokens.ts';
import { createAlertLedger } from '../db/alerts/alert-ledger.ts';
import { createDatabaseMaintenance } from '../db/backup/database-maintenance.ts';
import { createChatRepository } from '../db/chats/chat-repository.ts';
import type { Database } from '../db/engine/connect.ts';
import { createIncidentRepository } from '../db/incidents/incident-repository.ts';
import { createIntegrationRepository } from '../db/integrations/integration-repository.ts';
import { createJobRuns } from '../db/jobs/job-runs.ts';
import { createKeyRepository } from '../db/keys/key-repository.ts';
import { createStatisticsRepository } from '../db/statistics/statistics-repository.ts';
import type { EventBus } from '../domain/events.ts';
import { ALERT_QUEUE, type AlertJobData, createAlertQueue } from '../queue/alert-queue.ts';
import { createEndedSignal } from '../queue/ended-signal.ts';
import { createFreeIn } from '../queue/free-in.ts';
import { MAINTENANCE_QUEUE } from '../queue/maintenance-queue.ts';
import { createMotion, probeWrite } from '../queue/motion.ts';
import { createNextRuns } from '../queue/next-runs.ts';
import { openQueue } from '../queue/open-queue.ts';
import type { Ownership } from '../queue/ownership.ts';
import { endFloodWait, readFloodWait } from '../queue/pace.ts';
import { createPlaces } from '../queue/places.ts';
import { createProcessList } from '../queue/processes.ts';
import { createSetUpSignal } from '../queue/set-up-signal.ts';
import { createShownTexts } from '../queue/shown-texts.ts';
import { createUpdateQueue, UPDATE_QUEUE, type UpdateJobData } from '../queue/update-queue.ts';
import { createWhyWaiting } from '../queue/why-waiting.ts';
import { createAlertService, IDEMPOTENCY_WINDOW_MS } from '../services/alerts/alerts.ts';
import { createLookUp } from '../services/alerts/look-up.ts';
import { createChatService } from '../services/chats/chats.ts';
import { createAcknowledgements } from '../services/incidents/acknowledgements.ts';
import { createSettleLead } from '../services/incidents/leads.ts';
import { createIncidentSweep } from '../services/incidents/sweep.ts';
import { createIntegrationService } from '../services/integrations/integrations.ts';
import { createIntegrationOversight } from '../services/integrations/oversight.ts';
import { createMaintenanceService } from '../services/jobs/maintenance.ts';
import { createUpkeepService } from '../services/jobs/upkeep.ts';
import { createKeyService } from '../services/keys/keys.ts';
import type { AlertLedger } from '../services/ports/alerts.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { IncidentRepository, ShownTexts, UpdateQueue } from '../services/ports/incidents.ts';
import type { IntegrationRepository } from '../services/ports/integrations.ts';
import type { KeyRepository } from '../services/ports/keys.ts';
import type { AlertQueue, EndedSignal } from '../services/ports/queue.ts';
import { createGlance } from '../services/statistics/glance.ts';
import { createStatisticsService } from '../services/statistics/statistics.ts';
import type { RedisConnections } from './redis.ts';

/** The settings that the use cases and what is below them depend on. */
type CoreConfig = Pick<
  Config,
  | 'redis'
  | 'queue'
  | 'worker'
  | 'tokens'
  | 'maxAlerts'
  | 'maxIntegrationsPerChat'
  | 'incidents'
  | 'timeZone'
  | 'backup'
  | 'telegram'
>;

interface PortsDeps {
  readonly config: CoreConfig;
  readonly secret: string;
  readonly db: Database;
  /** For a PostgreSQL, how it is backed up; without it a backup is a portable copy. */
  readonly dumps?: Parameters<typeof createDatabaseMaintenance>[1] | undefined;
  readonly redis: Pick<RedisConnections, 'fast' | 'subscriber'>;
  readonly ownership: Ownership;
  readonly clock: Clock;
  onError(error: Error): void;
}

export type Ports = ReturnType<typeof createPorts>;

/** What the use cases need from outside, on a database and a Redis. */
function createPorts({ config, secret, db, dumps, redis, ownership, clock, onError }: PortsDeps) {
  const { prefix } = config.redis;
  const connection = { redis: redis.fast, prefix, onError };
  const alertJobs = openQueue<AlertJobData>(ALERT_QUEUE, connection);
  const updateJobs = openQueue<UpdateJobData>(UPDATE_QUEUE, connection);
  const maintenanceJobs = openQueue(MAINTENANCE_QUEUE, connection);
  const { chatDelayMs } = config.worker;
  const limits = config.queue;
  const freeIn = createFreeIn({ redis: redis.fast, prefix, ...config.worker });
  const places = createPlaces({ redis: redis.fast, prefix, limits, ...config.worker });
  return {
    cipher: createPayloadCipher(secret),
    tokens: createTokens({ secret, clock, ...config.tokens }),
    repository: createIntegrationRepository(db),
    chatRepository: createChatRepository(db),
    keyRepository: createKeyRepository(db),
    keySource: createKeySource(),
    ledger: createAlertLedger(db, { idempotencyWindowMs: IDEMPOTENCY_WINDOW_MS }),
    database: createDatabaseMaintenance(db, dumps),
    jobRuns: createJobRuns(db),
    statisticsRepository: createStatisticsRepository(db),
    alertJobs,
    /** For the board: the jobs themselves run in createMaintenanceQueue, where the role scheduler is. */
    maintenanceJobs,
    nextRuns: createNextRuns(maintenanceJobs),
    processes: createProcessList(redis.fast, prefix),
    updateJobs,
    incidents: createIncidentRepository(db, { ...config.incidents, windowMs: IDEMPOTENCY_WINDOW_MS }),
    texts: createShownTexts({ redis: redis.fast, prefix, ...config.incidents }),
    updates: createUpdateQueue(updateJobs),
    places,
    queue: createAlertQueue({ queue: alertJobs, places, limits, ownership, freeIn }),
    ended: createEndedSignal({ publisher: redis.fast, subscriber: redis.subscriber, prefix }),
    setUps: createSetUpSignal({ publisher: redis.fast, subscriber: redis.subscriber, prefix }),
    floodWait: () => readFloodWait(redis.fast, prefix),
    motion: createMotion({ redis: redis.fast, queue: alertJobs, prefix }),
    isForeign: ownership.isForeign,
    probeRedis: () => probeWrite(redis.fast, prefix),
    whyWaiting: createWhyWaiting({ redis: redis.fast, queue: alertJobs, prefix, chatDelayMs }),
  };
}

/** The use cases, on whatever implements their ports: tests put their own in. */
export function createUseCases(
  ports: Pick<
    Ports,
    'cipher' | 'tokens' | 'keySource' | 'chatRepository' | 'database' | 'jobRuns' | 'statisticsRepository'
  > & {
    readonly keyRepository: KeyRepository;
    readonly repository: IntegrationRepository;
    readonly ledger: AlertLedger;
    readonly queue: AlertQueue;
    readonly incidents: IncidentRepository;
    readonly texts: ShownTexts;
    readonly updates: UpdateQueue;
    readonly ended: EndedSignal;
  },
  deps: {
    readonly config: Pick<
      CoreConfig,
      'maxAlerts' | 'maxIntegrationsPerChat' | 'incidents' | 'timeZone' | 'backup' | 'telegram'
    >;
    readonly clock: Clock;
    readonly events: EventBus;
  },
) {
  const { config, clock, events } = deps;
  const { timeZone, backup } = config;
  const dailyLimit = config.maxAlerts;
  const chats = ports.chatRepository;
  const common = { ...ports, integrations: ports.repository, chats, clock, events, timeZone, dailyLimit };
  const settleLead = createSettleLead(common);
  const { keepTextMs } = config.incidents;
  const acknowledgements = createAcknowledgements({ ...common, settleLead, keepTextMs });
  const shared = { ...common, settleLead, acknowledgements };
  const statistics = createStatisticsService({ ...common, statistics: ports.statisticsRepository });
  return {
    settleLead,
    acknowledgements,
    statistics,
    glance: createGlance({ ...common, statistics: ports.statisticsRepository }),
    integrations: createIntegrationService({ ...shared, maxPerChat: config.maxIntegrationsPerChat }),
    keys: createKeyService({ ...shared, keys: ports.keyRepository }),
    oversight: createIntegrationOversight(shared),
    chats: createChatService(shared),
    alerts: createAlertService(shared),
    maintenance: createMaintenanceService({
      ...shared,
      backupDir: backup.directory,
      backupKeep: backup.keep,
    }),
    upkeep: createUpkeepService({
      ...shared,
      sweepIncidents: createIncidentSweep({ ...shared, staleMs: config.incidents.staleMs }),
      closeDays: statistics.closeDays,
      telegramTimeoutMs: config.telegram.timeoutMs,
    }),
  };
}

export type Core = ReturnType<typeof createCore>;

/** Ports and use cases. Nothing in it runs by itself, but for the listening to ended alerts. */
export function createCore(deps: PortsDeps & { readonly events: EventBus }) {
  const ports = createPorts(deps);
  ports.ended.start();
  return {
    ...ports,
    ...createUseCases(ports, deps),
    lookUp: createLookUp({ ...ports, integrations: ports.repository }),
    /** An operator's word that Telegram takes messages again. Chats that were told to wait on their own still do. */
    async liftFloodWait(): Promise<void> {
      const ended = await endFloodWait(deps.redis.fast, deps.config.redis.prefix);
      if (ended === 'bot') deps.events.emit('telegram.flood_ended', { by: 'operator' });
    },
    /** Ends BullMQ's hold on the connections, which stay the caller's. */
    async close(): Promise<void> {
      const { alertJobs, maintenanceJobs, updateJobs } = ports;
      await Promise.all([alertJobs, maintenanceJobs, updateJobs].map((queue) => queue.close()));
    },
  };
}
