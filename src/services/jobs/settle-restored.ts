import type { AlertOutcome } from '../../domain/alert.ts';
import type { AlertLedger } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { AlertQueue, Arrived } from '../ports/queue.ts';

/** What became of the alerts that had not ended when the backup was made. */
export interface Settled {
  /** Redis still holds them: they will be sent. */
  readonly waiting: number;
  /** They have ended since, and Redis knows how. */
  readonly known: number;
  /** They were being sent: Telegram may have them. */
  readonly uncertain: number;
  /** Redis does not hold them: failed (`lost`). */
  readonly lost: number;
}

/** Entries per page. */
const BATCH = 1_000;

/**
 * Makes a restored ledger true, while no service runs: a backup is older than what has happened since. What Redis knows of an
 * alert counts; what it does not hold is lost.
 */
export async function settleRestored(deps: {
  ledger: AlertLedger;
  queue: Pick<AlertQueue, 'existing' | 'active' | 'begun' | 'outcomes' | 'drop'>;
  clock: Clock;
}): Promise<Settled> {
  const { ledger, queue } = deps;
  const now = deps.clock.now();
  const sum = { waiting: 0, known: 0, uncertain: 0, lost: 0 };

  // Nobody sends now, so that each of these was cut off.
  const cutOff = await ledger.endStuck(Number.MAX_SAFE_INTEGER, now);
  const outcomes = await queue.outcomes(cutOff);
  for (const id of cutOff) {
    const outcome = outcomes.get(id);
    if (outcome !== undefined && (await end(id, outcome))) sum.known += 1;
    else sum.uncertain += 1;
  }

  // Nor of these whether they were sent: the ledger that knew is gone.
  const active = await queue.active();
  const begun = await queue.begun();
  let after: string | null = null;
  for (;;) {
    const queued = await ledger.queuedBefore(Number.MAX_SAFE_INTEGER, after, BATCH);
    await settlePage(queued.map(({ id }) => id));
    const last = queued.at(-1);
    if (last === undefined || queued.length < BATCH) return sum;
    after = last.id;
  }

  async function settlePage(ids: readonly string[]): Promise<void> {
    const held = await queue.existing(ids);
    const gone = ids.filter((id) => !held.has(id));
    for (const id of held) {
      const isCutOff =
        active.has(id) &&
        (await ledger.end(id, ['queued'], { status: 'uncertain', reason: 'worker_died', now }));
      if (isCutOff) sum.uncertain += 1;
      else sum.waiting += 1;
      const arrived = begun.get(id);
      if (!isCutOff && arrived !== undefined) await addParts(id, arrived);
    }
    const ends = await queue.outcomes(gone);
    for (const id of gone) {
      const outcome = ends.get(id);
      if (outcome !== undefined && (await end(id, outcome))) sum.known += 1;
      else if (await ledger.end(id, ['queued'], { status: 'failed', reason: 'lost', now })) sum.lost += 1;
    }
    await queue.drop(gone, true);
  }

  /** False: its job was dropped, since a ledger did not know it. */
  async function end(id: string, outcome: AlertOutcome & { readonly endedAt: number }): Promise<boolean> {
    const { status, parts, messageIds = [], reason = null, endedAt } = outcome;
    if (status === 'dropped') return false;
    await addParts(id, { parts: parts ?? messageIds.length, messageIds });
    return ledger.end(id, ['queued', 'uncertain'], { status, reason, now: endedAt });
  }
  /** Those that the backup does not know of. */
  async function addParts(id: string, { parts, messageIds }: Arrived): Promise<void> {
    const known = await ledger.find(id);
    const missing = messageIds.filter((messageId) => !known?.messageIds.includes(messageId));
    for (const messageId of missing) await ledger.addPart(id, parts, messageId);
  }
}
