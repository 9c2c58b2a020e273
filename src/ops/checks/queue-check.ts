import type { EventBus } from '../../domain/events.ts';
import type { Clock } from '../../services/ports/clock.ts';
import type { QueueCounts, QueueMotion } from '../../services/ports/queue.ts';
import { type Check, OK } from '../health.ts';

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
 * The `queue` check: degraded when the queue is another installation's, full or paused, waits for Telegram as a whole or makes no progress.
 * Progress is seen in the events of this process and, since the worker may be another one, in the queue's own time of the
 * last send, and in its counts from check to check.
 * @param deps.limitMs must be longer than one send may take: above TELEGRAM_TIMEOUT_MS + SEND_DELAY_MS
 */
export function createQueueCheck(deps: {
  counts: () => Promise<QueueCounts>;
  motion: () => Promise<QueueMotion>;
  events: EventBus;
  clock: Clock;
  limitMs: number;
  /** MAX_QUEUE_SIZE, MAX_SCHEDULED */
  limits: { readonly maxPending: number; readonly maxScheduled: number };
  /** What is in Redis belongs to another database. */
  isForeign: () => boolean;
}): Check {
  const { events, clock, limits } = deps;
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
    const [counts, motion] = await Promise.all([deps.counts(), deps.motion()]);
    const now = clock.now();
    if (before !== undefined && hasMoved(before, counts)) progress();
    before = counts;
    const sentAt = Math.min(motion.lastSentAt ?? 0, now);
    if (sentAt > (lastProgressAt ?? 0)) lastProgressAt = sentAt;
    // Delayed alerts wait for their time; all others could go now.
    const due = counts.waiting + counts.prioritized > 0;
    // What was seen in what is now the future was seen by a clock that has been set back since.
    dueSince = due ? Math.min(dueSince ?? now, now) : null;
    if (lastProgressAt !== null) lastProgressAt = Math.min(lastProgressAt, now);
    pausedUntil = motion.pausedUntil ?? (pausedUntil === null ? null : Math.min(pausedUntil, now));

    const reasons: readonly (readonly [boolean, string])[] = [
      [deps.isForeign(), 'foreign'],
      [motion.isPaused, 'paused'],
      [motion.isWholeBotFlooded, 'flood_wait'],
      [isStalled({ now, dueSince, lastProgressAt, pausedUntil }, deps.limitMs), 'no_progress'],
      [counts.pending >= limits.maxPending, 'queue_full'],
      [counts.scheduled >= limits.maxScheduled, 'schedule_full'],
    ];
    const [, reason] = reasons.find(([holds]) => holds) ?? [];
    return reason === undefined ? OK : { ok: false, reason };
  };
}

/** Senders only add; that anything left the queue or changed its state was a worker's doing. */
function hasMoved(before: QueueCounts, after: QueueCounts): boolean {
  return after.pending < before.pending || after.active !== before.active || after.failed !== before.failed;
}
