import { TimeoutError, within } from '../async/within.ts';
import type { Clock } from '../services/ports/clock.ts';

type HealthStatus = 'ok' | 'degraded' | 'down';
export const CHECK_NAMES = ['redis', 'telegram', 'database', 'queue', 'jobs'] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** What a check found; `reason` is a code, without hosts or secrets. */
export type Finding = { readonly ok: true } | { readonly ok: false; readonly reason: string };
/** Throwing counts as `{ ok: false, reason: 'unavailable' }`. */
export type Check = () => Promise<Finding>;

interface CheckResult {
  readonly status: HealthStatus;
  /** How long the check took, in milliseconds. */
  readonly ms: number;
  readonly reason?: string;
}

interface Readiness {
  /** `down`: alerts cannot be taken in. `degraded`: they can, but they do not arrive, or something else is wrong. */
  readonly status: HealthStatus;
  readonly checks: Readonly<Record<CheckName, CheckResult>>;
}

export interface Health {
  /** Never throws. Answers of the last second are given again, so that probes cannot overload what they probe. */
  ready(): Promise<Readiness>;
}

/** What a failed check means for the whole: without Redis or database nothing can be taken in (the contract). */
const WORST: Readonly<Record<CheckName, Exclude<HealthStatus, 'ok'>>> = {
  redis: 'down',
  telegram: 'degraded',
  database: 'down',
  queue: 'degraded',
  jobs: 'degraded',
};

export const OK: Finding = { ok: true };

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
    const results = await Promise.all(CHECK_NAMES.map(async (name) => [name, await run(name)] as const));
    // An entry for each name.
    const found = Object.fromEntries(results) as Record<CheckName, CheckResult>;
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
