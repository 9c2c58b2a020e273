import { pause } from '../../async/pause.ts';
import { untilAborted } from '../../async/until-aborted.ts';
import type { AlertContent, AlertOutcome, AlertRecord } from '../../domain/alert.ts';
import { RenderLimitError } from '../../domain/render-limit.ts';
import { type LeadAlerts, UNKNOWN } from '../incidents/leads.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { AlertJob, AlertQueue, Arrived, MessageForm, Pace } from '../ports/queue.ts';
import type { RenderedPart, Renderer, RenderRest } from '../ports/telegram.ts';
import { type Attempt, FULL_FORM, idsOf, outcomeOf, type Sendable, type Step, toRequest } from './attempt.ts';
import { createSettle, type SettleDeps } from './settle.ts';
import type { TelegramGuard } from './telegram-guard.ts';
import { createTexts } from './texts.ts';

/**
 * The outcome of a delivery. `called`: Telegram was called, so the send of this moment is spent; `form`: to be kept with the
 * alert, for all parts that follow, also those of a resend; `arrived`: likewise, for a ledger that is restored.
 */
export type Delivery = {
  readonly called: boolean;
  readonly form?: MessageForm;
  readonly arrived?: Arrived;
} & (
  | { readonly kind: 'ended'; readonly outcome: AlertOutcome }
  /** Put it off for `ms`, 0: others that are as urgent go first. */
  | { readonly kind: 'defer'; readonly ms: number }
);

export interface DeliveryService {
  /** Takes one alert as far as it gets now. Never throws for anything that Telegram does. */
  deliver(job: AlertJob, stopping: AbortSignal): Promise<Delivery>;
}

/** The claim is made this long before the slot, in ms, so that its duration does not shift the send. */
const CLAIM_AHEAD_MS = 20;
/** While the whole bot is paused, this is how often we check if the pause was lifted, in ms. */
const PAUSE_LOOK_MS = 1_000;
/** A text that could be rendered before is rendered again after this time, in ms: the machine may be less busy. */
const RENDER_AGAIN_MS = 5_000;
/** A job of another installation is left to it, and looked at again after this time, in ms. */
const FOREIGN_MS = 60_000;
/** Put back: we are stopping, or others may be more urgent by now. */
const GIVE_BACK: Step = { kind: 'defer', ms: 0 };

export function createDeliveryService(
  deps: SettleDeps & {
    readonly integrations: Pick<IntegrationRepository, 'findById'>;
    readonly cipher: Pick<PayloadCipher, 'open'>;
    readonly guard: Pick<TelegramGuard, 'ready' | 'send'>;
    readonly queue: Pick<AlertQueue, 'isOurs'>;
    readonly render: Renderer;
    readonly renderRest: RenderRest;
    readonly pace: Pace;
    readonly leads: LeadAlerts;
  },
): DeliveryService {
  const { ledger, guard, pace, events, clock } = deps;
  const settle = createSettle(deps);
  const texts = createTexts(deps);

  async function deliver(job: AlertJob, stopping: AbortSignal): Promise<Delivery> {
    const { form: formBefore = FULL_FORM } = job;
    let form = formBefore;
    let called = false;
    let arrived: Arrived | undefined;
    /** What the incident's message shows, where this is it and its last call made it so. */
    let shown = UNKNOWN;
    for (;;) {
      const step = await nextStep();
      if (step.kind === 'again') {
        form = step.form;
        continue;
      }
      if (step.kind === 'ended') {
        texts.forget(job.alertId);
        if (job.incidentId !== undefined) await deps.leads.settle(job.incidentId, shown);
      }
      const before = job.arrived?.messageIds.length ?? 0;
      const news = arrived !== undefined && arrived.messageIds.length > before ? { arrived } : {};
      return { ...step, called, ...(form === formBefore ? {} : { form }), ...news };
    }

    async function nextStep(): Promise<Step> {
      shown = UNKNOWN;
      await guard.ready(stopping);
      if (stopping.aborted) return GIVE_BACK;
      const alert = await prepare(job, form);
      if ('kind' in alert) return alert;
      const { parts: known, messageIds } = alert.record;
      if (known !== null) arrived = { parts: known, messageIds };
      // While Redis is down this waits for it, which must not hold up a stop; nothing is claimed yet.
      const turn = await untilAborted(pace.take(job), stopping);
      if (turn === undefined) return GIVE_BACK;
      if (turn.kind === 'defer') return turn;
      if (turn.kind === 'paused') {
        // In place: each other alert would only find the same.
        await pause(Math.min(turn.ms, PAUSE_LOOK_MS), stopping);
        return GIVE_BACK;
      }
      // By a clock that nobody sets.
      const slotAt = performance.now() + turn.waitMs;
      const text = await untilAborted(readText(turn.sealed), stopping).catch(orTooSlow);
      if (stopping.aborted) return GIVE_BACK;
      if (text === 'too_slow') return renderOtherwise(alert);
      if (text === undefined) {
        return settle.end(
          { ...alert, form },
          'failed',
          turn.sealed === null ? 'lost' : 'unreadable',
          'queued',
        );
      }
      const { parts, keys } = text;
      const index = alert.record.messageIds.length;
      const part = parts[index] ?? parts.at(-1);
      if (part === undefined) return settle.end({ ...alert, form }, 'failed', 'nothing_to_send', 'queued');

      await pause(Math.max(0, slotAt - performance.now() - CLAIM_AHEAD_MS), stopping);
      if (stopping.aborted) return GIVE_BACK;
      // From here on a crash leaves the mark, and the alert becomes uncertain rather than being sent twice.
      const sendAt = Math.ceil(clock.now() + Math.max(0, slotAt - performance.now()));
      if (isTooLate(alert.record, sendAt)) return settle.end({ ...alert, form }, 'expired', null, 'queued');
      if (!(await ledger.claim(job.alertId, sendAt))) return { kind: 'again', form };
      await pause(Math.max(0, slotAt - performance.now()));
      // The claim may have waited for the database.
      if (isTooLate(alert.record, clock.now()))
        return settle.end({ ...alert, form }, 'expired', null, 'sending');
      called = true;
      const { isFlooded } = turn;
      const isFile = part.kind === 'document';
      return send(
        { ...alert, form, index, parts: parts.length, isFile, isFlooded, keys },
        text.content,
        part,
      );
    }

    /** An incident's message shows what is true when it is sent. */
    async function readText(sealed: string | null) {
      const lead =
        job.incidentId === undefined ? undefined : await deps.leads.read(job.incidentId, job.alertId, form);
      shown = lead?.shown ?? UNKNOWN;
      const text = lead?.text ?? (await texts.read(job.alertId, form, sealed));
      return text && { ...text, keys: lead?.keys ?? [] };
    }

    /** The plain form is kept with the job before any part is sent: parts that have arrived fix the form. */
    function renderOtherwise({ record }: Sendable): Step {
      const isBegun = record.messageIds.length > 0;
      const waitMs = isBegun ? RENDER_AGAIN_MS : 0;
      if (!isBegun) form = { ...form, simplicity: 1 };
      events.emit('alert.deferred', {
        ...idsOf(job),
        reason: 'markup_too_slow',
        waitMs,
      });
      return { kind: 'defer', ms: waitMs };
    }
  }

  /** Everything that can be decided without Telegram. */
  async function prepare(job: AlertJob, form: MessageForm): Promise<Step | Sendable> {
    const record = await ledger.find(job.alertId);
    if (record === undefined) {
      if (!(await deps.queue.isOurs())) return { kind: 'defer', ms: FOREIGN_MS };
      // Withdrawn after a refusal, or unknown to a backup that was restored.
      events.emit('alert.dropped', idsOf(job));
      return {
        kind: 'ended',
        outcome: { status: 'dropped', reason: 'not_in_ledger', parts: null, tookMs: 0 },
      };
    }
    const { status, reason } = record;
    if (status !== 'queued' && status !== 'sending') {
      return {
        kind: 'ended',
        outcome: outcomeOf(record, { status, reason, endedAt: record.endedAt ?? clock.now() }),
      };
    }
    const integration = await deps.integrations.findById(record.integrationId);
    if (integration === undefined) throw new Error('an alert without an integration');
    const alert = { job, record, integration };
    const end = (why: string) => settle.end({ ...alert, form }, 'failed', why, 'queued');
    // Its worker died (or froze) between mark and outcome: Telegram may have it.
    if (status === 'sending') return settle.end({ ...alert, form }, 'uncertain', 'worker_died', 'sending');
    if (isTooLate(record, clock.now())) return settle.end({ ...alert, form }, 'expired', null, 'queued');
    if (integration.status !== 'active') return end('revoked');
    if (integration.isBlocked) return end('blocked');
    if (integration.unreachableSince !== null) return end(integration.unreachableReason ?? 'unreachable');
    return alert;
  }

  async function send(attempt: Attempt, content: AlertContent, part: RenderedPart): Promise<Step> {
    const { job, index } = attempt;
    events.emit('alert.sending', { ...idsOf(job), part: index + 1 });
    const beganAt = performance.now();
    const outcome = await guard.send(toRequest(attempt, content, part));
    const step = await settle.call(attempt, outcome);
    if (attempt.isFlooded && outcome.kind === 'delivered') await endFloodWait();
    // Late or not at all: at worst it costs evenness.
    await pace.sent(beganAt).catch(() => undefined);
    return step;
  }

  /** If this fails, the next delivery does it. */
  async function endFloodWait(): Promise<void> {
    const ended = await pace.answered().catch(() => undefined);
    if (ended === 'bot') events.emit('telegram.flood_ended', { by: 'telegram' });
  }

  return { deliver };
}

/** One of which a part has arrived is finished. */
function isTooLate({ expiresAt, messageIds }: AlertRecord, now: number): boolean {
  return expiresAt !== null && expiresAt <= now && messageIds.length === 0;
}

function orTooSlow(error: unknown): 'too_slow' {
  if (error instanceof RenderLimitError) return 'too_slow';
  throw error;
}
