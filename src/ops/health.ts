import { TimeoutError, within } from '../async/within.ts';
import type { TelegramState } from '../services/delivery/telegram-guard.ts';
import type { Clock } from '../services/ports/clock.ts';

type HealthStatus = 'ok' | 'degraded' | 'down';
type CheckName = 'redis' | 'telegram' | 'database' | 'queue';

/** What a check found; `reason` is a code, without hosts or secrets. */
type Finding = { readonly ok: true } | { readonly ok: false; readonly reason: string };
/** Throwing counts as `{ ok: false, reason: 'unavailable' }`. */
export type Check = () => Promise<Finding>;

interface CheckResult {
  readonly status: HealthStatus;
  /** How long the check took, in milliseconds. */
  readonly ms: number;
  readonly reason?: string;
}

interface Readiness {
  /** `down`: alerts cannot be taken in. `degraded`: they can, but they do not arrive. */
  readonly status: HealthStatus;
  readonly checks: Readonly<Record<CheckName, CheckResult>>;
}

interface Health {
  /** Never throws. Answers of the last second are given again, so that probes cannot overload what they probe. */
  ready(): Promise<Readiness>;
}

/** What a failed check means for the whole: without Redis or database nothing can be taken in (the contract). */
const WORST: Readonly<Record<CheckName, Exclude<HealthStatus, 'ok'>>> = {
  redis: 'down',
  telegram: 'degraded',
  database: 'down',
  queue: 'degraded',
};

const OK: Finding = { ok: true };

/** @param deps.timeoutMs limit of each check; `cacheMs` life of an answer; both 1000 ms unless told otherwise */
export function createHealth(deps: {
  checks: Readonly<Record<CheckName, Check>>;
  clock: Clock;
  timeoutMs?: number;
  cacheMs?: number;
}): Health {
  const { checks, clock, timeoutMs = 1_000, cacheMs = 1_000 } = deps;
  let last: { readonly at: number; readonly answer: Promise<Readiness> } | undefined;

  async function run(name: CheckName): Promise<CheckResult> {
    const started = clock.now();
    const finding = await within(timeoutMs, checks[name]).catch(
      (error: unknown): Finding => ({
        ok: false,
        reason: error instanceof TimeoutError ? 'timeout' : 'unavailable',
      }),
    );
    const ms = clock.now() - started;
    return finding.ok ? { status: 'ok', ms } : { status: WORST[name], ms, reason: finding.reason };
  }

  async function runAll(): Promise<Readiness> {
    const [redis, telegram, database, queue] = await Promise.all([
      run('redis'),
      run('telegram'),
      run('database'),
      run('queue'),
    ]);
    const found = { redis, telegram, database, queue };
    const statuses = Object.values(found).map(({ status }) => status);
    const status = statuses.includes('down') ? 'down' : statuses.includes('degraded') ? 'degraded' : 'ok';
    return { status, checks: found };
  }

  return {
    ready() {
      const now = clock.now();
      // The age counts from the start, and a running check is shared.
      if (last === undefined || now - last.at >= cacheMs || now < last.at)
        last = { at: now, answer: runAll() };
      return last.answer;
    },
  };
}

/** For what answers or does not: Redis and the database. */
export function pingCheck(ping: () => Promise<unknown>): Check {
  return async () => {
    await ping();
    return OK;
  };
}

/** What the worker knows of Telegram from its sends; costs no call. */
export function telegramStateCheck(state: () => TelegramState): Check {
  return async () => {
    const current = state();
    return current === 'ok' ? OK : { ok: false, reason: current };
  };
}

/** For processes that do not send: asks Telegram itself (getMe), at most once in `everyMs` (30 s), not waiting for it. */
export function telegramProbeCheck(
  probe: () => Promise<'ok' | 'unreachable' | 'unauthorized'>,
  clock: Clock,
  everyMs = 30_000,
): Check {
  let finding: Finding = OK;
  let askedAt: number | undefined;
  return async () => {
    if (askedAt === undefined || clock.now() - askedAt >= everyMs) {
      const first = askedAt === undefined;
      askedAt = clock.now();
      const asked = probe()
        .catch(() => 'unreachable' as const)
        .then((answer) => {
          finding = answer === 'ok' ? OK : { ok: false, reason: answer };
        });
      if (first) await asked;
    }
    return finding;
  };
}
