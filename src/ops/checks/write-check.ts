import type { Clock } from '../../services/ports/clock.ts';
import { type Check, type Finding, OK } from '../health.ts';
import { reasonOf } from './fault-reasons.ts';

/** A write that has not ended after so long, in ms, is not waited for any more: another is tried beside it. */
const GIVE_UP_MS = 10_000;

/**
 * For Redis and the database: does what an accept does, because a full disk, a read-only server or one without memory
 * still answers reads. Where accepts succeed it costs nothing; where they fail although the write succeeds, they count.
 * @param deps.write a small write that lasts; one is under way at a time
 * @param deps.holdsMs for so long a write that succeeded counts, be it an accept's; 0: each look writes
 * @param deps.provenAt when an accept last wrote there (epoch ms)
 * @param deps.isRefusing accepts fail there
 */
export function createWriteCheck(deps: {
  write: () => Promise<unknown>;
  clock: Clock;
  holdsMs: number;
  provenAt: () => number;
  isRefusing: () => boolean;
}): Check {
  const { clock } = deps;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let underWay: { readonly since: number; readonly finding: Promise<Finding> } | undefined;

  async function write(): Promise<Finding> {
    const since = clock.now();
    try {
      await deps.write();
      writtenAt = since;
      return OK;
    } catch (error) {
      writtenAt = Number.NEGATIVE_INFINITY;
      return { ok: false, reason: reasonOf(error) };
    } finally {
      if (underWay?.since === since) underWay = undefined;
    }
  }

  function share(): Promise<Finding> {
    const now = clock.now();
    // A clock that was set back must not make us wait longer.
    if (underWay === undefined || Math.abs(now - underWay.since) >= GIVE_UP_MS)
      underWay = { since: now, finding: write() };
    return underWay.finding;
  }

  return async () => {
    const refusing = deps.isRefusing();
    const age = clock.now() - Math.max(writtenAt, deps.provenAt());
    if (!refusing && age >= 0 && age < deps.holdsMs) return OK;
    const finding = await share();
    return finding.ok && refusing ? { ok: false, reason: 'accepts_fail' } : finding;
  };
}
