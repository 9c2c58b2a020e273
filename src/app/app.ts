import type { AddressInfo } from 'node:net';
import { connectDatabase } from '../db/engine/connect.ts';
import { migrate } from '../db/engine/migrate.ts';
import { logEvents } from '../ops/log-events.ts';
import { startPresence } from '../queue/processes.ts';
import { startRefusalCounter } from '../services/statistics/refusal-counter.ts';
import { startUpdates } from './bot.ts';
import { checkKey } from './check-key.ts';
import { claimQueue } from './claim-queue.ts';
import { type AppDeps, type Context, createContext } from './context.ts';
import { createCore } from './core.ts';
import { dumpsOf } from './dumps.ts';
import { startHttp } from './http.ts';
import { createLifecycle, type StartPart } from './lifecycle.ts';
import { startOperatorChat } from './operator-chat.ts';
import { publicUrl } from './public-url.ts';
import { startRedis } from './redis.ts';
import { sandboxNotice, startSandbox } from './sandbox.ts';
import { createSandboxStorm, issueSandboxToken } from './sandbox-integrations.ts';
import { startScheduler } from './scheduler.ts';
import { keepSandboxPassword, secretOf } from './secret.ts';
import { telegramAccess } from './telegram.ts';
import { readVersion } from './version.ts';
import { startWorker } from './worker.ts';

interface App {
  /**
   * Starts the parts of ROLES in the contract's order. Returns what a newcomer should read, in sandbox mode.
   * @throws what a part's start threw; Error if stop() was called meanwhile
   */
  start(): Promise<Started>;
  /** Never throws. `clean`: everything stopped within 10 s. */
  stop(): Promise<{ readonly clean: boolean }>;
}

interface Started {
  /** Where the HTTP server listens, if this process has one. */
  readonly address: AddressInfo | undefined;
  readonly notice: string | undefined;
  /** The operator pages answer. */
  readonly operatorPages: boolean;
}

/** The composition root. */
export function createApp(deps: AppDeps): App {
  const stopping = new AbortController();
  const context = createContext(deps, stopping.signal);
  const { config, log, clock } = context;
  const lifecycle = createLifecycle((startPart) => startService(startPart, context), { log, clock });

  return {
    async start() {
      logEvents(context.events, log, clock);
      for (const warning of config.warnings) log.warn({}, warning);
      if (context.isSandbox)
        log.warn({}, 'Sandbox mode: without BOT_TOKEN, alerts go to the chat page, not to Telegram');
      const { proxy } = config.telegram;
      if (proxy !== undefined) log.info({ proxy: proxy.shown }, 'Calls to Telegram go through a proxy');
      const started = await lifecycle.start();
      log.info(
        {
          version: readVersion(),
          mode: config.mode.kind,
          roles: [...config.roles],
          operatorPages: started.operatorPages,
        },
        'Pingui Alert is ready',
      );
      return started;
    },
    stop() {
      stopping.abort();
      return lifecycle.stop();
    },
  };
}

/**
 * Database, Redis, worker, scheduled jobs, bot, HTTP server. The weights share the 10 s of a stop: the send in flight gets
 * most; a Redis that does not answer takes the bot a second to give its lease back to, and the HTTP server's requests as
 * long to end.
 */
async function startService(startPart: StartPart, context: Context): Promise<Started> {
  const { config, clock, events, onError, has } = context;
  const db = await startPart(
    'database',
    () => openDatabase(context),
    (open) => open.close(),
  );
  const secret = await secretOf(config);
  await checkKey({ db, secret, log: context.log });
  const redis = await startPart(
    'redis',
    () => startRedis(context),
    async (started) => {
      await started.close();
      await started.own?.stop();
    },
    2,
  );
  const ownership = await startPart(
    'ownership',
    () => claimQueue({ context, db, redis: redis.fast }),
    async (claimed) => claimed.stop(),
  );
  const core = await startPart(
    'core',
    async () =>
      createCore({
        ...{ config, secret, db, redis, ownership, clock, events, onError },
        dumps: dumpsOf(config, { env: context.env, signal: context.stopping }),
      }),
    (made) => made.close(),
  );
  await startPart(
    'statistics',
    async () =>
      startRefusalCounter({ ...context, statistics: core.statisticsRepository, timeZone: config.timeZone }),
    (counter) => counter.stop(),
  );
  await startPart(
    'presence',
    async () =>
      startPresence({ redis: redis.fast, prefix: config.redis.prefix, process: describeProcess(context) }),
    (presence) => presence.stop(),
  );
  const sandbox = context.isSandbox
    ? await startPart(
        'sandbox',
        () =>
          startSandbox({
            ...{ dataDir: config.dataDir, secret, log: context.log, core, clock },
            storm: createSandboxStorm(core),
          }),
        (started) => started.stop(),
      )
    : undefined;
  // The sandbox's is printed, which only the API does.
  const isPrinted = context.isSandbox && has('api');
  const adminPassword =
    config.admin.password ?? (isPrinted ? await keepSandboxPassword(config.dataDir) : undefined);
  const access = telegramAccess(config, sandbox);
  const worker = has('worker')
    ? await startPart(
        'worker',
        () => startWorker({ context, core, redis, access }),
        (one) => one.stop(),
        6,
      )
    : undefined;
  if (has('scheduler'))
    await startPart(
      'jobs',
      () => startScheduler({ context, core, redis }),
      (jobs) => jobs.stop(),
    );
  const { operatorChatId } = config;
  if (operatorChatId !== undefined)
    await startPart(
      'operator chat',
      () => startOperatorChat(operatorChatId, { context, core, redis, access, worker }),
      (chat) => chat.stop(),
    );
  // Bot and API are there before the server listens, whose address their examples name.
  let address: AddressInfo | undefined;
  const url = () => publicUrl(config, address);
  const updates = has('bot')
    ? await startPart(
        'bot',
        () => startUpdates({ context, core, redis, access, url }),
        (source) => source.stop(),
        2,
      )
    : undefined;
  const { port } = config.http;
  if (port !== undefined) {
    const parts = { context, secret, adminPassword, core, redis, access, sandbox, worker, updates, url };
    const http = await startPart(
      'http',
      () => startHttp(port, parts),
      (server, shareMs) => server.stop(shareMs),
      2,
    );
    address = http.address;
  }
  return { address, notice: await newcomersNotice(), operatorPages: adminPassword !== undefined };

  async function newcomersNotice(): Promise<string | undefined> {
    if (!isPrinted || adminPassword === undefined) return undefined;
    return sandboxNotice({
      url: url(),
      admin: { user: config.admin.user, password: adminPassword },
      token: await issueSandboxToken(core),
    });
  }
}

function describeProcess({ config, clock }: Context) {
  return { roles: [...config.roles], version: readVersion(), startedAt: clock.now() };
}

async function openDatabase({ config }: Context) {
  const db = await connectDatabase(config.database);
  await migrate(db);
  return db;
}
