import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { HttpListener } from '../api/http-listener.ts';
import type { UpdateSource } from '../bot/update-source.ts';
import type { Config, Role } from '../config.ts';
import type { Database } from '../db/connect.ts';
import { createEventBus, type EventBus } from '../domain/events.ts';
import { createRepeatedErrorLog } from '../ops/log-repeated.ts';
import type { Logger } from '../ops/logger.ts';
import type { AlertWorker } from '../queue/alert-worker.ts';
import type { MaintenanceQueue } from '../queue/maintenance-queue.ts';
import type { PrivateRedis, ProcessHost } from '../sandbox/private-redis.ts';
import type { Clock } from '../services/ports.ts';
import type { TelegramGuard } from '../services/telegram-guard.ts';
import type { RedisConnections } from './infrastructure.ts';
import type { Sandbox } from './sandbox.ts';
import type { UseCases } from './use-cases.ts';

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
  /** JWT_SECRET, or the sandbox's own. */
  secret: string;
  db: Database;
  ownRedis: PrivateRedis | undefined;
  redis: RedisConnections;
  useCases: UseCases;
  sandbox: Sandbox;
  guard: TelegramGuard;
  worker: AlertWorker;
  maintenance: MaintenanceQueue;
  updates: UpdateSource & { handler?: unknown };
  server: HttpListener;
  address: AddressInfo;
}

/** What the parts of one process share. */
export interface Wiring extends AppDeps {
  readonly events: EventBus;
  /** For the errors of BullMQ's connections, which come again and again. */
  onError(error: Error): void;
  has(role: Role): boolean;
  readonly isSandbox: boolean;
  /** Aborts when the app is told to stop, be it during the start. */
  readonly stopping: AbortSignal;
  /** Undefined: no operator pages. */
  readonly adminPassword: string | undefined;
  /** Filled by the parts as they start. */
  readonly running: Partial<Running>;
  /** What a part made that must have started before. @throws Error when it has not */
  get<K extends keyof Running>(name: K): NonNullable<Running[K]>;
}

export function createWiring(deps: AppDeps, stopping: AbortSignal): Wiring {
  const { config, log, clock } = deps;
  const running: Partial<Running> = {};
  const isSandbox = config.mode.kind === 'sandbox';
  const has = (role: Role) => config.roles.has(role);
  return {
    ...deps,
    events: createEventBus(),
    onError: createRepeatedErrorLog('queue connection trouble', { log, clock }),
    has,
    isSandbox,
    stopping,
    // The sandbox's is printed, which only the API does.
    adminPassword:
      config.admin.password ?? (isSandbox && has('api') ? randomBytes(9).toString('base64url') : undefined),
    running,
    get(name) {
      const value = running[name];
      if (value === undefined) throw new Error(`${name} was not started`);
      return value;
    },
  };
}
