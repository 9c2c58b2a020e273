import { halfJitterGenerator } from 'cockatiel';
import type { ApiFault } from '../api-errors.ts';

/** How updates reach the bot at the moment; for health. */
export type UpdateSourceState =
  | 'polling'
  | 'webhook'
  /** Another process polls, or Redis (which decides who does) does not answer. */
  | 'standby'
  /** Telegram is unreachable; tried again with growing pauses. */
  | 'backing_off'
  /** Telegram refuses the bot's token; tried again slowly. */
  | 'unauthorized'
  /** Telegram does not take WEBHOOK_URL (setWebhook was refused); tried again with growing pauses. */
  | 'webhook_refused'
  /** Somebody else reads this bot's updates with the same token. */
  | 'conflict'
  | 'stopped';

export interface UpdateSource {
  /** Returns at once; the rest happens in the background and never throws. */
  start(): void;
  /** Resolves within about 5 s, whatever Telegram and Redis do. */
  stop(): Promise<void>;
  /** `since`: epoch milliseconds of the last change. */
  state(): { readonly state: UpdateSourceState; readonly since: number };
}

export interface BackoffOptions {
  /** First pause and longest pause after a failure, in milliseconds. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** Pause while the token is refused, in milliseconds. */
  readonly unauthorizedMs: number;
}

/** Health promises to tell the end of a trouble within 15 s. */
export const DEFAULT_BACKOFF: BackoffOptions = { baseMs: 1_000, maxMs: 10_000, unauthorizedMs: 10_000 };

/** Milliseconds to wait after the `failures`-th failure in a row (from 1). */
export function backoffMs(fault: ApiFault, failures: number, options: BackoffOptions): number {
  if (fault.kind === 'unauthorized') return options.unauthorizedMs;
  if (fault.kind === 'flood') return Math.min(fault.waitMs, options.maxMs);
  const { baseMs: initialDelay, maxMs: maxDelay } = options;
  // Doubled each time, and half to all of it: processes that failed together do not come back together.
  const [ms] = halfJitterGenerator(failures - 1, {
    initialDelay,
    maxDelay,
    exponent: 2,
    generator: halfJitterGenerator,
  });
  return ms;
}

export function stateAfter(fault: ApiFault): UpdateSourceState {
  if (fault.kind === 'unauthorized' || fault.kind === 'conflict') return fault.kind;
  return 'backing_off';
}

/** What is logged at each change of state. */
export const STATE_MESSAGES: Record<UpdateSourceState, string> = {
  polling: 'Polling for bot updates',
  webhook: 'Receiving bot updates by webhook',
  standby: 'On standby: another process polls for bot updates',
  backing_off: 'Cannot reach Telegram for bot updates; trying again with growing pauses',
  unauthorized: 'Telegram rejects the bot token; trying again every 10 s',
  webhook_refused: 'Telegram refuses WEBHOOK_URL: no bot updates arrive; trying again with growing pauses',
  conflict: 'Another program reads the updates of this bot; trying again with growing pauses',
  stopped: 'Stopped reading bot updates',
};

const BAD: ReadonlySet<UpdateSourceState> = new Set([
  ...(['backing_off', 'unauthorized', 'webhook_refused', 'conflict'] as const),
]);

/** Keeps the state, and logs each change once. */
export function createStateKeeper(deps: {
  now: () => number;
  log: (level: 'info' | 'warn', fields: object, message: string) => void;
}): {
  get(): { state: UpdateSourceState; since: number };
  set(state: UpdateSourceState, fields?: object): void;
} {
  let current: { state: UpdateSourceState; since: number } = { state: 'stopped', since: deps.now() };
  return {
    get: () => current,
    set(state, fields = {}) {
      if (current.state === state) return;
      current = { state, since: deps.now() };
      deps.log(BAD.has(state) ? 'warn' : 'info', fields, STATE_MESSAGES[state]);
    },
  };
}
