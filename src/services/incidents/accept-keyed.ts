import { createDeadline, type Deadline } from '../../async/deadline.ts';
import { TimeoutError } from '../../async/within.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import { isAudible } from '../../domain/incident.ts';
import type { Accept, AcceptedAlert, AcceptOverflowing } from '../alerts/accept.ts';
import type { AlertRequest } from '../alerts/alert-request.ts';
import { type Entrance, validateStatus } from '../alerts/entrance.ts';
import { contentOf, type QueueEntry, type Source } from '../alerts/queue-entry.ts';
import { checkSameBody, NOT_ACCEPTED } from '../alerts/refusals.ts';
import { ANSWER_LIMIT_MS, databaseUnavailable } from '../in-time.ts';
import type { AlertLedger, NewAlert } from '../ports/alerts.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type {
  FoldingAlert,
  IncidentRepository,
  ShownTexts,
  TakeInResult,
  UpdateQueue,
} from '../ports/incidents.ts';
import { type SettleLead, UNKNOWN } from './leads.ts';
import { noticeFor } from './notices.ts';
import { shownRequest, titleLine } from './shown-request.ts';
import type { Singles } from './singles.ts';

/** A request that names an incident. */
type KeyedRequest = AlertRequest & { readonly key: string };

/** As `Accept`, for an alert that names an incident. `ignored`: it would end an incident, and there is none. */
export type AcceptKeyed = (
  sender: Parameters<Accept>[0],
  request: KeyedRequest,
  context: Parameters<Accept>[2],
) => Promise<AcceptedAlert | 'ignored'>;

type Asked = Parameters<AcceptOverflowing>[1];
/** What an end without an incident says, below its own text. */
export const RESOLVED = '✅ Resolved';

type Taken = Extract<TakeInResult, { kind: 'accepted' | 'folded' | 'repeated' | 'ignored' }>;

/**
 * The way in for alerts that may go into a message that is there: those with a key, and those of an integration with a digest.
 * The text goes to Redis first, where a text that nobody asks for expires; then the database decides; what follows (a job, an
 * edit) upkeep makes up for if it fails.
 */
export function createAcceptKeyed(deps: {
  incidents: Pick<IncidentRepository, 'takeIn' | 'takeBack'>;
  ledger: Pick<AlertLedger, 'withdraw'>;
  texts: Pick<ShownTexts, 'put' | 'replace' | 'keep' | 'drop'>;
  updates: UpdateQueue;
  settleLead: SettleLead;
  queueEntry: QueueEntry;
  singles: Singles;
  entrance: Entrance;
  cipher: PayloadCipher;
  events: EventBus;
}): { readonly acceptKeyed: AcceptKeyed; readonly acceptOverflowing: AcceptOverflowing } {
  const { incidents, texts, updates, queueEntry, entrance, cipher, events } = deps;

  const acceptKeyed: AcceptKeyed = (sender, request, context) =>
    entrance.reporting(context.requestId, async (trace) => {
      const described = entrance.describe(sender, request, context.idempotencyKey);
      const keyHash = cipher.hashRequest(`incident:${request.key}`);
      const alert = toFolding(described, keyHash, request);
      const deadline = createDeadline(ANSWER_LIMIT_MS);
      return take(alert, { request, trace, deadline, isGone: context.isGone });
    });

  const acceptOverflowing: AcceptOverflowing = async (alert, asked) => {
    const accepted = await take(toFolding(alert, null, asked.request), asked);
    if (accepted === 'ignored') throw new Error('an alert without a key cannot be ignored');
    return accepted;
  };

  const toFolding = (
    alert: NewAlert,
    keyHash: string | null,
    { resolve = false, acknowledge }: AlertRequest,
  ): FoldingAlert => ({
    ...{ ...alert, keyHash, resolve, acknowledge },
    notice() {
      const { integrationId, threadId, createdAt: now } = alert;
      return noticeFor(cipher.newAlertId(), { integrationId, threadId, now, silent: !isAudible(alert) });
    },
  });

  async function take(
    alert: FoldingAlert,
    { request, trace, deadline, isGone }: Asked,
  ): Promise<AcceptedAlert | 'ignored'> {
    if (alert.resolve === false) await keepText(alert, request, deadline);
    try {
      const { proved, chat } = entrance.prove(await decide(alert, deadline), trace);
      const { integration } = proved;
      const entitled = entrance.validateRateLimit(validateStatus(proved), chat);
      if (entitled.kind === 'folds_exhausted') throw tooManyFolds(integration.dailyLimit, entitled.remaining);
      if (isGone?.()) await giveUp(alert, entitled);
      if (entitled.kind === 'ignored') return 'ignored';
      const source = { integration, chat, request: shownRequest(request, alert.resolve, entitled) };
      const accepted = await follow(entitled, alert, source, deadline);
      const { id: alertId, folded, replayed } = accepted;
      const event = { ...trace, alertId, integrationId: integration.id, chat };
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
  }

  async function keepText(alert: FoldingAlert, request: AlertRequest, deadline: Deadline): Promise<void> {
    // Without a key it can become a line of a digest alone.
    const content = alert.keyHash === null ? titleLine(request, undefined) : contentOf(request, undefined);
    const sealed = cipher.seal(content, alert.id);
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

  async function decide(alert: FoldingAlert, deadline: Deadline): Promise<TakeInResult> {
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

  async function undo(alert: FoldingAlert, taken: TakeInResult): Promise<void> {
    if (taken.kind === 'accepted') {
      await deps.ledger.withdraw(alert.id, alert.integrationId);
      if (taken.incidentId !== null) await deps.settleLead(taken.incidentId, UNKNOWN);
    } else if (taken.kind === 'folded') {
      await incidents.takeBack(alert.id);
      await updates.add(taken.incidentId);
    }
  }

  /** A program that has hung up tries again: served as well, its alert would count twice. */
  async function giveUp(alert: FoldingAlert, taken: Taken): Promise<never> {
    await undo(alert, taken);
    throw new AppError('database_unavailable', 'The client hung up before the database answered.');
  }

  /** What follows from what was decided. */
  async function follow(
    taken: Exclude<Taken, { kind: 'ignored' }>,
    alert: FoldingAlert,
    source: Source,
    deadline: Deadline,
  ): Promise<Omit<AcceptedAlert, 'dailyLimit'>> {
    if (taken.kind === 'repeated') return repeat(taken, alert, source);
    const { remaining } = taken;
    const shows = taken.kind === 'folded' ? taken.showsText : taken.incidentId !== null;
    const superseded = taken.kind === 'folded' ? taken.supersededTextId : null;
    // What fails here does no harm: a text is kept by whoever shows it, and ends by itself.
    await Promise.allSettled([
      shows ? display(taken, alert, source) : texts.drop([alert.id]),
      ...(superseded === null ? [] : [texts.drop([superseded])]),
    ]);
    // After its text is whole: it may be sent at once.
    if (taken.kind === 'accepted') await enter(taken, alert, source, deadline);
    // Upkeep makes up for what fails here.
    await Promise.allSettled(taken.changed.map((id) => updates.add(id)));
    return {
      id: alert.id,
      remaining,
      replayed: false,
      folded: taken.kind === 'folded' ? taken.into : null,
    };
  }

  /** Only what was decided tells what of it is shown, and whom it is from. */
  async function display(
    taken: Taken,
    { id, keyHash, resolve }: FoldingAlert,
    source: Source,
  ): Promise<void> {
    const { request, integration } = source;
    const { shownName } = integration;
    const isLine = taken.kind === 'folded' && taken.into === 'digest';
    const isWhole = shownName === undefined && isLine === (keyHash === null);
    const content = isLine ? titleLine(request, shownName) : contentOf(request, shownName);
    // The text of an end is not there yet.
    const write = resolve === false ? texts.replace : texts.put;
    if (!isWhole) await write(id, cipher.seal(content, id));
    await texts.keep(id);
  }

  async function enter(
    { incidentId }: Extract<Taken, { kind: 'accepted' }>,
    alert: FoldingAlert,
    source: Source,
    deadline: Deadline,
  ): Promise<void> {
    if (alert.keyHash === null) return deps.singles.enter(alert, source, deadline);
    if (incidentId === null) return queueEntry.enter(alert, source, deadline);
    try {
      await queueEntry.enter(alert, { ...source, incidentId }, deadline);
    } catch (error) {
      // Withdrawn: the incident goes with it, unless others have joined it.
      await deps.settleLead(incidentId, UNKNOWN).catch(() => undefined);
      throw error;
    }
  }

  async function repeat(
    first: Extract<Taken, { kind: 'repeated' }>,
    alert: FoldingAlert,
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

  return { acceptKeyed, acceptOverflowing };
}
