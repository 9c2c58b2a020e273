import { createDeadline, type Deadline } from '../../async/deadline.ts';
import type { AlertRecord } from '../../domain/alert.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import { ANSWER_LIMIT_MS, databaseUnavailable } from '../in-time.ts';
import type { Singles } from '../incidents/singles.ts';
import type { AcceptResult, AlertLedger, NewAlert } from '../ports/alerts.ts';
import type { AlertRequest, IdempotencyKey, Sender } from './alert-request.ts';
import { type Entrance, type Trace, validateStatus } from './entrance.ts';
import type { QueueEntry, Source } from './queue-entry.ts';
import { checkSameBody, NOT_ACCEPTED } from './refusals.ts';

export interface AcceptedAlert {
  readonly id: string;
  /** Quota units left today after this alert, of `dailyLimit`. */
  readonly remaining: number;
  readonly dailyLimit: number;
  /** True if an earlier request with the same Idempotency-Key made this alert. */
  readonly replayed: boolean;
  /** It went into a message that is there already. */
  readonly folded: AlertRecord['folded'];
}

/**
 * Accepts an alert: once it resolves, the alert is durably queued and in the ledger.
 * @throws AppError unauthorized, chat_mismatch, integration_not_active, quota_exhausted (with `quota`),
 *   idempotency_mismatch, queue_full and its kin, queue_unavailable, database_unavailable
 */
export type Accept = (
  sender: Sender,
  request: AlertRequest,
  context: {
    readonly requestId?: string;
    readonly idempotencyKey?: IdempotencyKey | undefined;
    /** True once nobody waits for the answer any more: what is not queued by then is not. */
    readonly isGone?: () => boolean;
  },
) => Promise<AcceptedAlert>;

/** As `Accept`, once the ledger has said that the alert may go into its integration's digest. */
export type AcceptOverflowing = (
  alert: NewAlert,
  asked: {
    readonly request: AlertRequest;
    readonly trace: Trace;
    readonly deadline: Deadline;
    readonly isGone: (() => boolean) | undefined;
  },
) => Promise<AcceptedAlert>;

export function createAccept(deps: {
  acceptOverflowing: AcceptOverflowing;
  ledger: AlertLedger;
  queueEntry: QueueEntry;
  entrance: Entrance;
  singles: Singles;
  events: EventBus;
}): Accept {
  const { ledger, queueEntry, entrance, singles, events } = deps;

  const accept: Accept = (sender, request, context) =>
    entrance.reporting(context.requestId, async (trace) => {
      const alert = entrance.describe(sender, request, context.idempotencyKey);
      // One step in the database and two in Redis share it.
      const deadline = createDeadline(ANSWER_LIMIT_MS);
      // The one statement that proves the sender, takes the unit and writes the entry; what follows only reads it.
      const { proved, chat } = entrance.prove(await decide(alert, deadline), trace);
      const { integration } = proved;
      const entitled = entrance.validateRateLimit(validateStatus(proved), chat);
      if (entitled.kind === 'overflow')
        return deps.acceptOverflowing(alert, { request, trace, deadline, isGone: context.isGone });
      if (entitled.kind === 'accepted' && context.isGone?.()) await giveUp(alert);
      const accepted = await enqueue(entitled, alert, { integration, request, chat }, deadline);
      const event = { alertId: accepted.id, integrationId: sender.id, ...trace, chat };
      if (accepted.replayed) events.emit('alert.replayed', event);
      else events.emit('alert.accepted', { ...event, priority: alert.priority });
      return { ...accepted, dailyLimit: integration.dailyLimit };
    });

  async function decide(alert: NewAlert, deadline: Deadline): Promise<AcceptResult> {
    try {
      return await deadline.run(
        () => ledger.accept(alert),
        // Its sender has read a refusal by now.
        (late) => {
          if (late.kind === 'accepted') ledger.withdraw(alert.id, alert.integrationId).catch(() => undefined);
        },
      );
    } catch (error) {
      throw databaseUnavailable(error, NOT_ACCEPTED);
    }
  }

  /** A program that has hung up tries again: served as well, its alert would arrive twice. */
  async function giveUp(alert: NewAlert): Promise<never> {
    await ledger.withdraw(alert.id, alert.integrationId);
    throw new AppError('database_unavailable', 'The client hung up before the database answered.');
  }

  /** Into the queue; a repeat completes what its first request began. */
  async function enqueue(
    verdict: Extract<AcceptResult, { kind: 'accepted' | 'repeated' }>,
    alert: NewAlert,
    source: Source,
    deadline: Deadline,
  ): Promise<Omit<AcceptedAlert, 'dailyLimit'>> {
    if (verdict.kind === 'accepted') {
      await singles.enter(alert, source, deadline);
      return { id: alert.id, remaining: verdict.remaining, replayed: false, folded: null };
    }
    checkSameBody(verdict, alert);
    const { id, remaining, folded, incidentId } = verdict.record;
    // One that was folded has no job of its own.
    if (folded === null)
      await queueEntry.finish(verdict.record, incidentId === null ? source : { ...source, incidentId });
    return { id, remaining, replayed: true, folded };
  }

  return accept;
}
