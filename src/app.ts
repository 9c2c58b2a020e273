import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { RequestHandler } from 'express';
import type { HttpListener } from './api/http-listener.ts';
import { createOpsServer, type OpsDeps } from './api/ops-server.ts';
import { createApiServer } from './api/server.ts';
import { createDelivery } from './app/delivery.ts';
import {
  checkRedis,
  keepSandboxSecret,
  openRedis,
  provideRedis,
  type RedisConnections,
} from './app/infrastructure.ts';
import { publicUrl } from './app/public-url.ts';
import { issueSandboxToken, type Sandbox, sandboxNotice, startSandbox } from './app/sandbox.ts';
import { createUseCases, type UseCases } from './app/use-cases.ts';
import { createBot } from './bot/bot.ts';
import { createLease } from './bot/lease.ts';
import { createPoller } from './bot/poller.ts';
import type { UpdateSource } from './bot/update-source.ts';
import { createWebhook, deriveWebhookSecret } from './bot/webhook.ts';
import type { Config, Role } from './config.ts';
import { connectDatabase, type Database } from './db/connect.ts';
import { migrate } from './db/migrate.ts';
import { createEventBus } from './domain/events.ts';
import { createHealth, pingCheck, telegramProbeCheck, telegramStateCheck } from './ops/health.ts';
import { createLifecycle, type Part } from './ops/lifecycle.ts';
import { logEvents } from './ops/log-events.ts';
import { createRepeatedErrorLog } from './ops/log-repeated.ts';
import type { Logger } from './ops/logger.ts';
import { createMetrics } from './ops/metrics.ts';
import { createQueueCheck } from './ops/queue-progress.ts';
import type { AlertWorker } from './queue/alert-worker.ts';
import { deriveKey } from './queue/cipher.ts';
import { createMaintenanceQueue, type MaintenanceQueue } from './queue/maintenance-queue.ts';
import type { PrivateRedis, ProcessHost } from './sandbox/private-redis.ts';
import type { Clock } from './services/ports.ts';
import type { TelegramGuard } from './services/telegram-guard.ts';
import { createTelegramClient } from './telegram/connection.ts';
import { createTelegramSender } from './telegram/sender.ts';

export interface App {
  /** Starts the parts of ROLES in the contract's order. Returns what a newcomer should read, in sandbox mode. */
  start(): Promise<{ address: AddressInfo | undefined; notice: string | undefined }>;
  /** Never throws. `clean`: everything stopped within 10 s. */
  stop(): Promise<{ readonly clean: boolean }>;
}

export interface AppDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `process`, for the private Redis. */
  readonly host: ProcessHost;
}

/** What comes into being during the start, in this order. */
interface Running {
  db: Database;
  ownRedis: PrivateRedis | undefined;
  redis: RedisConnections;
  sandbox: Sandbox | undefined;
  useCases: UseCases;
  guard: TelegramGuard | undefined;
  worker: AlertWorker;
  maintenance: MaintenanceQueue;
  updates: UpdateSource & { handler?: unknown };
  server: HttpListener;
  address: AddressInfo;
}

/** The HTTP server stops taking requests at once, and cuts those in flight after this time, in ms. */
const HTTP_DEADLINE_MS = 5_000;
/** Above the longest send there may be no progress for this much longer, in ms, before health says so. */
const QUEUE_PATIENCE_MS = 10_000;

/** The composition root. */
export function createApp(deps: AppDeps): App {
  const { config, log, clock } = deps;
  const events = createEventBus();
  const running: Partial<Running> = {};
  const isSandbox = config.mode.kind === 'sandbox';
  const onError = createRepeatedErrorLog('queue connection trouble', { log, clock });
  const has = (role: Role) => config.roles.has(role);
  const hasApi = has('api');
  // The sandbox's is printed, which only the API does.
  const adminPassword =
    config.admin.password ?? (isSandbox && hasApi ? randomBytes(9).toString('base64url') : undefined);
  let secret = '';

  /** A part's product, after that part has started. */
  function get<K extends keyof Running>(name: K): NonNullable<Running[K]> {
    const value = running[name];
    if (value === undefined) throw new Error(`${name} was not started`);
    return value as NonNullable<Running[K]>;
  }

  const telegram = (): { token: string; apiRoot: string } =>
    config.mode.kind === 'telegram'
      ? { token: config.mode.botToken, apiRoot: config.telegram.apiRoot }
      : { token: get('sandbox').botToken, apiRoot: get('sandbox').apiRoot };

  const sender = () => {
    const { timeoutMs } = config.telegram;
    return createTelegramSender({ telegram: createTelegramClient({ ...telegram(), timeoutMs }), timeoutMs });
  };

  const database: Part = {
    name: 'database',
    async start() {
      secret = config.jwtSecret ?? (await keepSandboxSecret(config.dataDir));
      const { database: target } = config;
      running.db = await connectDatabase({
        url: target.kind === 'sqlite' ? `sqlite:${target.file}` : target.url,
      });
      await migrate(running.db);
    },
    stop: () => get('db').close(),
  };

  const redis: Part = {
    name: 'redis',
    async start() {
      const { target, own } = await provideRedis(config, deps.host, deps.env, log);
      running.ownRedis = own;
      running.redis = openRedis(target, log);
      await checkRedis(running.redis.patient, log);
      running.useCases = createUseCases({
        config,
        secret,
        db: get('db'),
        redis: running.redis,
        clock,
        events,
        onError,
      });
      running.useCases.ended.start();
    },
    async stop() {
      await Promise.all([get('useCases').alertJobs.close(), get('useCases').maintenanceJobs.close()]);
      await get('redis').close();
      await running.ownRedis?.stop();
    },
    stopWeight: 2,
  };

  const sandbox: Part = {
    name: 'sandbox',
    async start() {
      running.sandbox = await startSandbox();
    },
    stop: () => get('sandbox').stop(),
  };

  const worker: Part = {
    name: 'worker',
    async start() {
      const made = createDelivery({
        config,
        useCases: get('useCases'),
        redis: get('redis'),
        sender: sender(),
        events,
        clock,
        onError,
      });
      running.worker = made.worker;
      running.guard = made.guard;
      await made.worker.start();
    },
    stop: () => get('worker').stop(),
    // The send in flight gets what time there is.
    stopWeight: 6,
  };

  const jobs: Part = {
    name: 'jobs',
    async start() {
      const { maintenance, upkeep } = get('useCases');
      running.maintenance = createMaintenanceQueue({
        redis: get('redis').patient,
        prefix: config.redis.prefix,
        timeZone: config.timeZone,
        maintenance,
        upkeep,
        events,
        onError,
      });
      await running.maintenance.start();
    },
    stop: () => get('maintenance').stop(),
  };

  const bot: Part = {
    name: 'bot',
    async start() {
      const { integrations, alerts, cipher } = get('useCases');
      const logger = log.child('bot');
      const made = createBot({
        ...telegram(),
        timeoutMs: config.telegram.timeoutMs,
        integrations,
        alerts,
        clock,
        logger,
        hashChat: cipher.hashChat,
        publicUrl: () => publicUrl(config, running.address),
        dailyLimit: config.maxAlerts,
        timeZone: config.timeZone,
      });
      running.updates =
        config.webhook === undefined
          ? createPoller({
              bot: made,
              lease: createLease(get('redis').fast, `${config.redis.prefix}:poller`, { logger }),
              logger,
              clock,
            })
          : createWebhook({
              bot: made,
              url: config.webhook.url,
              secret: config.webhook.secret ?? deriveWebhookSecret(telegram().token),
              logger,
              clock,
            });
      running.updates.start();
    },
    stop: () => get('updates').stop(),
  };

  const http = (port: number): Part => ({
    name: 'http',
    async start() {
      running.server = createHttp();
      running.address = await running.server.listen(config.http.host, port);
      log.info({ address: running.address.address, port: running.address.port }, 'HTTP server is listening');
    },
    async stop() {
      running.sandbox?.page.close();
      await get('server').close(HTTP_DEADLINE_MS);
    },
    stopWeight: 2,
  });

  function createHttp(): HttpListener {
    const useCases = get('useCases');
    const connections = get('redis');
    const { guard } = running;
    const countQueue = useCases.queue.counts;
    const health = createHealth({
      clock,
      checks: {
        // A key of the queue's: PING would ask any node of a Cluster, not the one that holds the queue.
        redis: pingCheck(() => connections.fast.exists(`${useCases.base}meta`)),
        database: pingCheck(useCases.database.ping),
        telegram:
          guard === undefined ? telegramProbeCheck(sender().probe, clock) : telegramStateCheck(guard.state),
        queue: createQueueCheck({
          counts: countQueue,
          events,
          clock,
          limitMs: config.telegram.timeoutMs + config.worker.sendDelayMs + QUEUE_PATIENCE_MS,
          pausedUntil: async () => {
            const ms = await connections.fast.pttl(`${useCases.base}limiter`);
            return ms > 0 ? clock.now() + ms : null;
          },
        }),
      },
    });
    const ops: OpsDeps = {
      clock,
      health: { live: () => ({ status: 'ok' }), ready: health.ready },
      metrics: createMetrics({
        events,
        clock,
        countQueue,
        queueCapacity: config.queue.maxSize,
        ...(guard === undefined ? {} : { telegramState: guard.state }),
      }),
      logger: log.child('api'),
      ...(running.updates?.handler === undefined
        ? {}
        : { webhook: running.updates.handler as RequestHandler }),
      trustProxy: config.http.trustProxy,
      operator: {
        user: config.admin.user,
        password: adminPassword,
        sessionKey: deriveKey(secret, 'operator session v1'),
      },
    };
    if (!hasApi) return createOpsServer(ops);
    return createApiServer({
      ...ops,
      alerts: useCases.alerts,
      integrations: useCases.integrations,
      tokens: useCases.tokens,
      events,
      hashChat: useCases.cipher.hashChat,
      redis: connections.fast,
      queues: { alerts: useCases.alertJobs, maintenance: useCases.maintenanceJobs },
      ...(running.sandbox === undefined ? {} : { sandbox: running.sandbox.page.handle as RequestHandler }),
      timeZone: config.timeZone,
      rateLimitPerMinute: config.http.rateLimitPerMinute,
      queuePrefix: config.redis.prefix,
    });
  }

  const parts: Part[] = [
    database,
    redis,
    ...(isSandbox ? [sandbox] : []),
    ...(has('worker') ? [worker] : []),
    ...(has('scheduler') ? [jobs] : []),
    ...(has('bot') ? [bot] : []),
    ...(config.http.port === undefined ? [] : [http(config.http.port)]),
  ];
  const lifecycle = createLifecycle(parts, { log, clock });

  return {
    async start() {
      logEvents(events, log);
      for (const warning of config.warnings) log.warn({}, warning);
      if (isSandbox)
        log.warn({}, 'SANDBOX mode: no BOT_TOKEN, so alerts go to the chat page, not to Telegram');
      await lifecycle.start();
      log.info({ mode: config.mode.kind, roles: [...config.roles] }, 'Pingui Alert is ready');
      return { address: running.address, notice: await newcomersNotice() };
    },
    stop: () => lifecycle.stop(),
  };

  async function newcomersNotice(): Promise<string | undefined> {
    if (!isSandbox || !hasApi || adminPassword === undefined) return undefined;
    const { integrations, tokens } = get('useCases');
    return sandboxNotice({
      url: publicUrl(config, running.address),
      admin: { user: config.admin.user, password: adminPassword },
      token: await issueSandboxToken(integrations, tokens),
    });
  }
}
