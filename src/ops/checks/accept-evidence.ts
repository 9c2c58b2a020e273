import { createSteadyClock } from '../../async/steady-clock.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Clock } from '../../services/ports/clock.ts';

type Refusal = Extract<ErrorCode, 'queue_unavailable' | 'database_unavailable'>;

/** What this process's own accepts show of Redis and the database. */
interface AcceptEvidence {
  /** When an alert was last accepted, which wrote to both (epoch ms). */
  acceptedAt(): number;
  /** True if the last accepts were refused for this reason, and lately. */
  isRefusing(code: Refusal): boolean;
}

/** So many refusals in a row count: one alone may be a request that was slow. */
const IN_A_ROW = 2;
/** How long a refusal says something of now, in ms. */
const LATELY_MS = 10_000;

export function createAcceptEvidence(events: EventBus, clock: Clock): AcceptEvidence {
  const steady = createSteadyClock(clock);
  let acceptedAt = Number.NEGATIVE_INFINITY;
  const refusals = new Map<ErrorCode, { count: number; at: number }>();
  events.on('alert.accepted', () => {
    acceptedAt = clock.now();
    refusals.clear();
  });
  events.on('alert.refused', ({ code }) => {
    refusals.set(code, { count: (refusals.get(code)?.count ?? 0) + 1, at: steady.now() });
  });
  return {
    acceptedAt: () => acceptedAt,
    isRefusing(code) {
      const known = refusals.get(code);
      return known !== undefined && known.count >= IN_A_ROW && steady.now() - known.at < LATELY_MS;
    },
  };
}
