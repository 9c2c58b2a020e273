import { createDeadline, type Deadline } from '../../async/deadline.ts';
import { TimeoutError } from '../../async/within.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Resolve } from '../../domain/incident.ts';
import type { Accept, AcceptedAlert } from '../alerts/accept.ts';
import type { AlertRequest } from '../alerts/alert-request.ts';
import { type Entrance, validateStatus } from '../alerts/entrance.ts';
import { contentOf, type QueueEntry, type Source } from '../alerts/queue-entry.ts';
import { checkSameBody, NOT_ACCEPTED } from '../alerts/refusals.ts';
import { ANSWER_LIMIT_MS, databaseUnavailable } from '../in-time.ts';
import type { AlertLedger } from '../ports/alerts.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type {
  IncidentRepository,
  KeyedAlert,
  ShownTexts,
  TakeInResult,
  UpdateQueue,
} from '../ports/incidents.ts';
import type { SettleLead } from './leads.ts';

/** A request that names an incident. */
export type KeyedRequest = AlertRequest & { readonly key: string };

/** As `Accept`, for an alert that names an incident. `ignored`: it would end an incident, and there is none. */
export type AcceptKeyed = (
  sender: Parameters<Accept>[0],
  request: KeyedRequest,
  context: Parameters<Accept>[2],
) => Promise<AcceptedAlert | 'ignored'>;

/** What an end without an incident says, below its own text. */
const RESOLVED = '✅ Resolved';

type Taken = Extract<TakeInResult, { kind: 'accepted' | 'folded' | 'repeated' | 'ignored' }>;

/**
 * The text goes to Redis first, where a text that nobody asks for expires; then the database decides; what follows (a job,
 * an edit) is made up for by upkeep if it fails.
 */
export function createAcceptKeyed(deps: {
  incidents: Pick<IncidentRepository, 'takeIn' | 'takeBack'>;
  ledger: Pick<AlertLedger, 'withdraw'>;
  texts: Pick<ShownTexts, 'put' | 'keep' | 'drop'>;
  updates: UpdateQueue;
  settleLead: SettleLead;
  queueEntry: QueueEntry;
  entrance: Entrance;
  cipher: PayloadCipher;
  events: EventBus;
}): AcceptKeyed {
  const { incidents, texts, updates, queueEntry, entrance, cipher, events } = deps;

  const acceptKeyed: AcceptKeyed = (sender, request, context) =>
    entrance.reporting(context.requestId, async (trace) => {
      const resolve = request.resolve ?? false;
      const alert: KeyedAlert = {
        ...entrance.describe(sender, request, context.idempotencyKey),
        keyHash: cipher.hashRequest(`incident:${request.key}`),
        resolve,
        acknowledge: request.acknowledge,
      };
      const deadline = createDeadline(ANSWER_LIMIT_MS);
      if (resolve === false) await keepText(alert, request, deadline);
      try {
        const { proved, chat } = entrance.prove(await decide(alert, deadline), trace);
        const { integration } = proved;
        const entitled = entrance.validateRateLimit(validateStatus(proved), chat);
        if (entitled.kind === 'folds_exhausted')
          throw tooManyFolds(integration.dailyLimit, entitled.remaining);
        if (context.isGone?.()) await giveUp(alert, entitled);
        if (entitled.kind === 'ignored') return 'ignored';
        const source = { integration, chat, request: shownRequest(request, resolve, entitled) };
        const accepted = await follow(entitled, alert, source, deadline);
        const { id: alertId, folded, replayed } = accepted;
        const event = { alertId, integrationId: sender.id, ...trace, chat };
        if (replayed) events.emit('alert.replayed', event);
        else {
          events.emit('alert.accepted', { ...event, priority: alert.priority });
          if (folded !== null) events.emit('alert.folded', { ...event, into: folded });
        }
        return { ...accepted, dailyLimit: integration.dailyLimit };
      } catch (error) {
        texts.drop([alert.id]).catch(() => undefined);
        throw error;
      }
    });

  async function keepText(alert: KeyedAlert, request: AlertRequest, deadline: Deadline): Promise<void> {
    const sealed = cipher.seal(contentOf(request, undefined), alert.id);
    try {
      await deadline.run(
        () => texts.put(alert.id, sealed),
        () => void texts.drop([alert.id]).catch(() => undefined),
      );
    } catch (cause) {
      if (!(cause instanceof TimeoutError)) throw cause;
      const detail = 'The queue did not answer in time. Nothing was queued; try again in a few seconds.';
      throw new AppError('queue_unavailable', detail, { retryAfterSeconds: 5, cause });
    }
  }

  async function decide(alert: KeyedAlert, deadline: Deadline): Promise<TakeInResult> {
    try {
      return await deadline.run(
        () => incidents.takeIn(alert),
        // Its sender has read a refusal by now.
        (late) => void undo(alert, late).catch(() => undefined),
      );
    } catch (error) {
      throw databaseUnavailable(error, NOT_ACCEPTED);
    }
  }

  async function undo(alert: KeyedAlert, taken: TakeInResult): Promise<void> {
    if (taken.kind === 'accepted') {
      await deps.ledger.withdraw(alert.id, alert.integrationId);
      if (taken.incidentId !== null) await deps.settleLead(taken.incidentId, 0);
    } else if (taken.kind === 'folded') {
      await incidents.takeBack(alert.id);
      await updates.add(taken.incidentId);
    }
  }

  /** A program that has hung up tries again: served as well, its alert would count twice. */
  async function giveUp(alert: KeyedAlert, taken: Taken): Promise<never> {
    await undo(alert, taken);
    throw new AppError('database_unavailable', 'The client hung up before the database answered.');
  }

  /** What follows from what was decided. */
  async function follow(
    taken: Exclude<Taken, { kind: 'ignored' }>,
    alert: KeyedAlert,
    source: Source,
    deadline: Deadline,
  ): Promise<Omit<AcceptedAlert, 'dailyLimit'>> {
    if (taken.kind === 'repeated') return repeat(taken, alert, source);
    const { remaining } = taken;
    const shows = taken.kind === 'folded' ? taken.showsText : taken.incidentId !== null;
    if (taken.kind === 'accepted') await enter(taken, alert, source, deadline);
    const superseded = taken.kind === 'folded' ? taken.supersededTextId : null;
    // Upkeep makes up for what fails here.
    await Promise.allSettled([
      shows ? display(alert.id, source) : texts.drop([alert.id]),
      ...(superseded === null ? [] : [texts.drop([superseded])]),
    ]);
    await Promise.allSettled(taken.changed.map((id) => updates.add(id)));
    return {
      id: alert.id,
      remaining,
      replayed: false,
      folded: taken.kind === 'folded' ? 'incident' : null,
    };
  }

  /** Only what was decided tells whether it shows whom it is from. */
  async function display(id: string, { request, integration: { shownName } }: Source): Promise<void> {
    if (shownName !== undefined) await texts.put(id, cipher.seal(contentOf(request, shownName), id));
    await texts.keep(id);
  }

  async function enter(
    { incidentId }: Extract<Taken, { kind: 'accepted' }>,
    alert: KeyedAlert,
    source: Source,
    deadline: Deadline,
  ): Promise<void> {
    try {
      await queueEntry.enter(alert, incidentId === null ? source : { ...source, incidentId }, deadline);
    } catch (error) {
      // Withdrawn: the incident goes with it, unless others have joined it.
      if (incidentId !== null) await deps.settleLead(incidentId, 0).catch(() => undefined);
      throw error;
    }
  }

  async function repeat(
    first: Extract<Taken, { kind: 'repeated' }>,
    alert: KeyedAlert,
    source: Source,
  ): Promise<Omit<AcceptedAlert, 'dailyLimit'>> {
    checkSameBody(first, alert);
    const { id, remaining, folded, incidentId } = first.record;
    if (folded === null)
      await queueEntry.finish(first.record, incidentId === null ? source : { ...source, incidentId });
    texts.drop([alert.id]).catch(() => undefined);
    return { id, remaining, replayed: true, folded };
  }

  function tooManyFolds(dailyLimit: number, remaining: number): AppError {
    const what =
      'This integration has sent as many alerts into messages that are there already as a day allows.';
    return entrance.untilReset(what, dailyLimit, remaining);
  }

  return acceptKeyed;
}

/** An end that finds no incident is a message that says so. */
function shownRequest(request: AlertRequest, resolve: Resolve, taken: Taken): AlertRequest {
  const isMessage =
    resolve !== false &&
    (taken.kind === 'accepted' || (taken.kind === 'repeated' && taken.record.incidentId === null));
  return isMessage ? { ...request, message: `${request.message}\n${RESOLVED}` } : request;
}
