import { createDeadline, type Deadline } from '../../async/deadline.ts';
import type { AlertRecord } from '../../domain/alert.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import { ANSWER_LIMIT_MS, databaseUnavailable } from '../in-time.ts';
import type { Singles } from '../incidents/singles.ts';
import type { AcceptResult, AlertLedger, NewAlert } from '../ports/alerts.ts';
import type { AlertRequest, Sender } from './alert-request.ts';
import { type Entrance, validateStatus } from './entrance.ts';
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
    readonly idempotencyKey?: string | undefined;
    /** True once nobody waits for the answer any more: what is not queued by then is not. */
    readonly isGone?: () => boolean;
  },
) => Promise<AcceptedAlert>;

export function createAccept(deps: {
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
      if (entitled.kind === 'accepted' && context.isGone?.()) await giveUp(alert);
      const { id, remaining, replayed } = await enqueue(
        entitled,
        alert,
        { integration, request, chat },
        deadline,
      );
      const event = { alertId: id, integrationId: sender.id, ...trace, chat };
      if (replayed) events.emit('alert.replayed', event);
      else events.emit('alert.accepted', { ...event, priority: alert.priority });
      return { id, remaining, dailyLimit: integration.dailyLimit, replayed, folded: null };
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
  ): Promise<Pick<AcceptedAlert, 'id' | 'remaining' | 'replayed'>> {
    if (verdict.kind === 'accepted') {
      const hasButton = source.request.acknowledge ?? verdict.integration.acknowledge ?? false;
      await (hasButton ? enterSingle(alert, source, deadline) : queueEntry.enter(alert, source, deadline));
      return { id: alert.id, remaining: verdict.remaining, replayed: false };
    }
    checkSameBody(verdict, alert);
    const { incidentId } = verdict.record;
    await queueEntry.finish(verdict.record, incidentId === null ? source : { ...source, incidentId });
    return { id: verdict.record.id, remaining: verdict.record.remaining, replayed: true };
  }

  async function enterSingle(alert: NewAlert, source: Source, deadline: Deadline): Promise<void> {
    await singles.open(alert, source, deadline);
    try {
      await queueEntry.enter(alert, { ...source, incidentId: alert.id }, deadline);
    } catch (refusal) {
      await singles.drop(alert.id);
      throw refusal;
    }
  }

  return accept;
}
