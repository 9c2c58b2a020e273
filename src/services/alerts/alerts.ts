import { createSteadyClock } from '../../async/steady-clock.ts';
import { isOver, isSingle } from '../../domain/acknowledgement.ts';
import { type AlertRecord, hasEnded } from '../../domain/alert.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Integration } from '../../domain/integration.ts';
import { inTime } from '../in-time.ts';
import { type AcceptKeyed, createAcceptKeyed } from '../incidents/accept-keyed.ts';
import type { Acknowledgement, Acknowledgements } from '../incidents/acknowledgements.ts';
import type { SettleLead } from '../incidents/leads.ts';
import { createSingles } from '../incidents/singles.ts';
import type { AlertLedger } from '../ports/alerts.ts';
import type { ChatRepository } from '../ports/chats.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IncidentRepository, ShownTexts, UpdateQueue } from '../ports/incidents.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { AlertQueue, EndedSignal } from '../ports/queue.ts';
import { type Accept, createAccept } from './accept.ts';
import type { Sender } from './alert-request.ts';
import { createEntrance } from './entrance.ts';
import { createQueueEntry } from './queue-entry.ts';
import { createQuotaNotice } from './quota-notice.ts';
import { alertNotFound, deadToken, NOT_ACCEPTED } from './refusals.ts';
import { createResend, type Resend } from './resend.ts';

/** An entry of the ledger's, as its sender sees it. `incident`: null without a key. */
export type SeenAlert = AlertRecord & {
  readonly tags: string[];
  readonly incident: Incident | null;
  readonly acknowledgement: Acknowledgement | null;
};

export interface AlertService {
  accept: Accept;
  acceptKeyed: AcceptKeyed;
  /**
   * Reports an alert that was refused before `accept` (a bad body, a missing scope, too many requests). What is wrong with
   * a request is told only to holders of a valid token.
   * @param sender undefined if nothing was verified; it may have shown a setup token
   * One of a preview is not reported: nothing was to be sent.
   * Returns what to answer, within 1.5 s: the refusal, that the token is dead, or that the database cannot tell.
   */
  refuse(
    sender: (Sender & { readonly isSetup: boolean }) | undefined,
    refusal: AppError,
    context: { readonly requestId?: string; readonly isPreview?: boolean },
  ): Promise<AppError>;
  /** The entry, with the sender's tags opened. @throws AppError not_found (also for another's), database_unavailable */
  get(integration: Pick<Integration, 'id'>, id: string): Promise<SeenAlert>;
  /** As `get`, after the alert ended or `seconds` passed or the signal aborted, whichever is first. */
  waitForEnd(
    integration: Pick<Integration, 'id'>,
    id: string,
    seconds: number,
    signal: AbortSignal,
  ): Promise<SeenAlert>;
  /** As `waitForEnd`, until it is acknowledged or resolved, or can never be. */
  waitForAcknowledgement: AlertService['waitForEnd'];
  /** By a program. @throws AppError as `get` */
  acknowledge(integration: Pick<Integration, 'id'>, id: string): Promise<SeenAlert>;
  resend: Resend;
}

/** How long an Idempotency-Key is remembered, in milliseconds: 24 h. */
export const IDEMPOTENCY_WINDOW_MS = 86_400_000;

/** A missed signal costs a waiting caller at most this much, in milliseconds. */
const WAIT_POLL_MS = 1_000;

export function createAlertService(deps: {
  ledger: AlertLedger;
  queue: AlertQueue;
  integrations: Pick<IntegrationRepository, 'claimQuotaNotice' | 'findById'>;
  chats: Pick<ChatRepository, 'find'>;
  cipher: PayloadCipher;
  incidents: Pick<IncidentRepository, 'takeIn' | 'takeBack' | 'find' | 'openSingle'>;
  acknowledgements: Pick<Acknowledgements, 'acknowledge' | 'of'>;
  texts: Pick<ShownTexts, 'put' | 'replace' | 'keep' | 'drop'>;
  updates: UpdateQueue;
  settleLead: SettleLead;
  ended: EndedSignal;
  events: EventBus;
  clock: Clock;
  timeZone: string;
}): AlertService {
  const { ledger, cipher, events, clock, acknowledgements } = deps;
  const queueEntry = createQueueEntry(deps);
  const resend = createResend({ ...deps, queueEntry });
  const entrance = createEntrance({ ...deps, tellUsedUp: createQuotaNotice(deps) });

  async function findOwn(integration: Pick<Integration, 'id'>, id: string): Promise<AlertRecord> {
    const record = await inTime(() => ledger.find(id), 'Ask again in a few seconds.');
    if (record === undefined || record.integrationId !== integration.id) throw alertNotFound();
    return record;
  }

  /** What to answer, and to whom if the token is good. */
  async function judge(
    sender: Parameters<AlertService['refuse']>[0],
    refusal: AppError,
  ): Promise<{ told: AppError; integration?: Integration }> {
    if (sender === undefined) return { told: refusal };
    try {
      // SQLite's only connection may be waiting for another program's lock.
      const integration = await inTime(() => deps.integrations.findById(sender.id), NOT_ACCEPTED);
      // A sender without a token was proved by a key.
      const { tokenHash } = sender;
      const isProved =
        integration !== undefined && (tokenHash === null || integration.tokenHash === tokenHash);
      return isProved ? { told: refusal, integration } : { told: deadToken(sender.isSetup, integration) };
    } catch (error) {
      if (error instanceof AppError) return { told: error };
      throw error;
    }
  }

  async function seen(record: AlertRecord): Promise<SeenAlert> {
    const { id, incidentId, sealedTags } = record;
    const incident =
      incidentId === null
        ? undefined
        : await inTime(() => deps.incidents.find(incidentId), 'Ask again in a few seconds.');
    const tags = sealedTags === null ? [] : cipher.openTags(sealedTags, id);
    const known = incident === undefined || isSingle(incident) ? null : incident;
    const acknowledgement = incident === undefined ? null : acknowledgements.of(incident);
    return { ...record, tags, incident: known, acknowledgement };
  }

  /** Looks again whenever something happened to what has the id `signalOf`, and once a second, until it is so. */
  function waitUntil(
    isSo: (alert: SeenAlert) => boolean,
    signalOf: (record: AlertRecord) => string,
  ): AlertService['waitForEnd'] {
    return async (integration, id, seconds, signal) => {
      const steady = createSteadyClock(clock);
      const deadline = steady.now() + seconds * 1000;
      let listenTo = id;
      for (;;) {
        // Listen before looking, so that what happens between the two is not missed.
        const stop = new AbortController();
        const left = Math.min(deadline - steady.now(), WAIT_POLL_MS);
        const signals = AbortSignal.any([signal, stop.signal]);
        const signalled = deps.ended.wait(listenTo, Math.max(0, left), signals);
        const alert = await seen(await findOwn(integration, id));
        if (isSo(alert) || steady.now() >= deadline || signal.aborted) {
          stop.abort();
          return alert;
        }
        await signalled;
        listenTo = signalOf(alert);
      }
    };
  }

  const ways = { ...deps, queueEntry, entrance, singles: createSingles({ ...deps, queueEntry }) };
  const { acceptKeyed, acceptOverflowing } = createAcceptKeyed(ways);

  return {
    accept: createAccept({ ...ways, acceptOverflowing }),
    acceptKeyed,
    resend: (by, id) =>
      inTime(() => resend(by, id), 'It may be sent again all the same: look at it before you try again.'),

    async refuse(sender, refusal, { requestId, isPreview = false }) {
      const { told, integration } = await judge(sender, refusal);
      if (isPreview) return told;
      events.emit('alert.refused', {
        code: told.code,
        ...(requestId === undefined ? {} : { requestId }),
        ...(integration === undefined
          ? {}
          : { integrationId: integration.id, chat: cipher.hashChat(integration.chatId) }),
      });
      return told;
    },

    async get(integration, id) {
      return seen(await findOwn(integration, id));
    },

    waitForEnd: waitUntil(
      ({ status }) => hasEnded(status),
      ({ id }) => id,
    ),

    waitForAcknowledgement: waitUntil(isAnswered, ({ id, incidentId }) => incidentId ?? id),

    async acknowledge(integration, id) {
      await acknowledgements.acknowledge(await findOwn(integration, id));
      return seen(await findOwn(integration, id));
    },
  };
}

/** Somebody has taken it, it is over, or no chat will ever show it. */
function isAnswered({ acknowledgement, incident, status }: SeenAlert): boolean {
  const isGone = status === 'failed' || status === 'expired';
  return acknowledgement !== null || isGone || (incident !== null && isOver(incident));
}
