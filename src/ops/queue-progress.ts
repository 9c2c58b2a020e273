import type { EventBus } from '../domain/events.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { FloodScope, QueueCounts } from '../services/ports/queue.ts';
import type { Check } from './health.ts';

/** What is known of the queue at one moment. Times are epoch milliseconds. */
interface QueueSituation {
  readonly now: number;
  /** Since when something is pending that could be sent now; null if nothing is. */
  readonly dueSince: number | null;
  /** When something was last seen to move (an attempt to send, whatever came of it); null if never. */
  readonly lastProgressAt: number | null;
  /** Until when Telegram told us to wait (a bot-wide flood wait); null if it did not. */
  readonly pausedUntil: number | null;
}

/** True if something could be sent for longer than `limitMs`, but nothing was. Pauses that Telegram asked for do not count. */
function isStalled(situation: QueueSituation, limitMs: number): boolean {
  const { now, dueSince, lastProgressAt, pausedUntil } = situation;
  if (dueSince === null) return false;
  return now - Math.max(dueSince, lastProgressAt ?? 0, pausedUntil ?? 0) > limitMs;
}

/**
 * The `queue` check: degraded when the queue makes no progress. Progress is seen in the events of this process and,
 * since the worker may be another one, in the counts from check to check.
 * @param deps.limitMs must be longer than one send may take: above TELEGRAM_TIMEOUT_MS + SEND_DELAY_MS
 * @param deps.floodWait the pause that Telegram's 429s led to (`until` in epoch ms), null when there is none. Where they
 * mean the whole bot, the check fails for that
 */
export function createQueueCheck(deps: {
  counts: () => Promise<QueueCounts>;
  events: EventBus;
  clock: Clock;
  limitMs: number;
  floodWait?: () => Promise<{ readonly until: number; readonly scope: FloodScope } | null>;
}): Check {
  const { events, clock } = deps;
  let lastProgressAt: number | null = null;
  let dueSince: number | null = null;
  /** Remembered, because it passes before the queue has had its chance to move. */
  let pausedUntil: number | null = null;
  let before: QueueCounts | undefined;

  const progress = () => {
    lastProgressAt = clock.now();
  };
  events.on('alert.sending', progress);
  events.on('alert.delivered', progress);
  events.on('alert.failed', progress);
  events.on('alert.uncertain', progress);
  events.on('alert.expired', progress);
  events.on('alert.deferred', progress);

  return async () => {
    const counts = await deps.counts();
    const now = clock.now();
    if (before !== undefined && hasMoved(before, counts)) progress();
    before = counts;
    // Delayed alerts wait for their time; all others could go now.
    const due = counts.waiting + counts.prioritized > 0;
    dueSince = due ? (dueSince ?? now) : null;
    const wait = (await deps.floodWait?.()) ?? null;
    pausedUntil = wait?.until ?? pausedUntil;
    if (wait?.scope === 'bot') return { ok: false, reason: 'flood_wait' };
    const stalled = isStalled({ now, dueSince, lastProgressAt, pausedUntil }, deps.limitMs);
    return stalled ? { ok: false, reason: 'no_progress' } : { ok: true };
  };
}

/** Senders only add; that anything left the queue or changed its state was a worker's doing. */
function hasMoved(before: QueueCounts, after: QueueCounts): boolean {
  return after.pending < before.pending || after.active !== before.active || after.failed !== before.failed;
}
