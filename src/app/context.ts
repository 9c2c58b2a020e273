import type { Config, Role } from '../config/config.ts';
import { createEventBus, type EventBus } from '../domain/events.ts';
import { createRepeatedErrorLog } from '../ops/log-repeated.ts';
import type { Logger } from '../ops/logger.ts';
import type { ProcessHost } from '../redis/private/private-redis.ts';
import type { Clock } from '../services/ports/clock.ts';

export interface AppDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `process`, for the private Redis. */
  readonly host: ProcessHost;
}

/** What exists before anything is started. */
export interface Context extends AppDeps {
  readonly events: EventBus;
  /** For errors of BullMQ's connections, which keep coming. */
  onError(error: Error): void;
  has(role: Role): boolean;
  readonly isSandbox: boolean;
  /** Aborts when the service is told to stop, even during startup. */
  readonly stopping: AbortSignal;
}

export function createContext(deps: AppDeps, stopping: AbortSignal): Context {
  const { config, log, clock } = deps;
  const isSandbox = config.mode.kind === 'sandbox';
  const has = (role: Role) => config.roles.has(role);
  return {
    ...deps,
    events: createEventBus(),
    onError: createRepeatedErrorLog('Queue connection error', { log, clock }),
    has,
    isSandbox,
    stopping,
  };
}
