import { pause } from '../../async/pause.ts';
import { untilAborted } from '../../async/until-aborted.ts';
import type { AlertContent, AlertOutcome } from '../../domain/alert.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { AlertJob, MessageForm, Pace } from '../ports/queue.ts';
import type { RenderedPart, Renderer } from '../ports/telegram.ts';
import {
  type Attempt,
  contentIn,
  FULL_FORM,
  outcomeOf,
  type Sendable,
  type Step,
  toRequest,
} from './attempt.ts';
import { createSettle, type SettleDeps } from './settle.ts';
import type { TelegramGuard } from './telegram-guard.ts';

/** The outcome of a delivery. `called`: Telegram was called, so the send of this moment is spent. */
export type Delivery = { readonly called: boolean } & (
  | { readonly kind: 'ended'; readonly outcome: AlertOutcome }
  /** Put it off for `ms`, 0: others that are as urgent go first; `form`: to be kept with it, for its further parts. */
  | { readonly kind: 'defer'; readonly ms: number; readonly form?: MessageForm }
);

export interface DeliveryService {
  /** Takes one alert as far as it gets now. Never throws for anything that Telegram does. */
  deliver(job: AlertJob, stopping: AbortSignal): Promise<Delivery>;
}

/** The claim is made this long before the slot, in ms, so that its duration does not shift the send. */
const CLAIM_AHEAD_MS = 20;
/** While the whole bot is paused, this is how often we check if the pause was lifted, in ms. */
const PAUSE_LOOK_MS = 1_000;
/** Put back as it is: we are stopping, or others may be more urgent by now. */
const GIVE_BACK: Step = { kind: 'defer', ms: 0 };

/** An alert's text, and its parts once they were needed, in the form that they were made for. */
interface Text {
  readonly content: AlertContent;
  readonly rendered: { readonly form: MessageForm; readonly parts: readonly RenderedPart[] };
}

export function createDeliveryService(
  deps: SettleDeps & {
    readonly integrations: Pick<IntegrationRepository, 'findById'>;
    readonly cipher: Pick<PayloadCipher, 'open'>;
    readonly guard: TelegramGuard;
    readonly render: Renderer;
    readonly pace: Pace;
  },
): DeliveryService {
  const { ledger, guard, pace, events, clock } = deps;
  const settle = createSettle(deps);

  async function deliver(job: AlertJob, stopping: AbortSignal): Promise<Delivery> {
    const { form: formBefore = FULL_FORM } = job;
    let form = formBefore;
    let text: Text | undefined;
    let called = false;
    for (;;) {
      const step = await nextStep();
      if (step.kind === 'ended') return { ...step, called };
      if (step.kind === 'defer') return { ...step, called, ...(form === formBefore ? {} : { form }) };
      form = step.form;
    }

    async function nextStep(): Promise<Step> {
      await guard.ready(stopping);
      if (stopping.aborted) return GIVE_BACK;
      const alert = await prepare(job, form);
      if ('kind' in alert) return alert;
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
      text = await readText(alert, form, turn.sealed, text);
      if (text === undefined) {
        return settle.end(
          { ...alert, form },
          'failed',
          turn.sealed === null ? 'lost' : 'unreadable',
          'queued',
        );
      }
      const { parts } = text.rendered;
      const index = alert.record.messageIds.length;
      const part = parts[index] ?? parts.at(-1);
      if (part === undefined) return settle.end({ ...alert, form }, 'failed', 'nothing_to_send', 'queued');

      await pause(Math.max(0, slotAt - performance.now() - CLAIM_AHEAD_MS), stopping);
      if (stopping.aborted) return GIVE_BACK;
      // From here on a crash leaves the mark, and the alert becomes uncertain rather than being sent twice.
      if (!(await ledger.claim(job.alertId, clock.now()))) return { kind: 'again', form };
      await pause(Math.max(0, slotAt - performance.now()));
      called = true;
      const { isFlooded } = turn;
      return send({ ...alert, form, index, parts: parts.length, isFlooded }, text.content, part);
    }
  }

  /** Everything that can be decided without Telegram. */
  async function prepare(job: AlertJob, form: MessageForm): Promise<Step | Sendable> {
    const record = await ledger.find(job.alertId);
    if (record === undefined) {
      // Withdrawn after a refusal, or unknown to a backup that was restored.
      events.emit('alert.dropped', { alertId: job.alertId, chat: job.chat });
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
    if (record.expiresAt !== null && record.expiresAt <= clock.now() && record.messageIds.length === 0) {
      return settle.end({ ...alert, form }, 'expired', null, 'queued');
    }
    if (integration.status !== 'active') return end('revoked');
    if (integration.unreachableSince !== null) return end(integration.unreachableReason ?? 'unreachable');
    return alert;
  }

  /** Opens the text and renders it, once per form. Undefined where no retry could help: it is gone or unreadable. */
  async function readText(
    alert: Sendable,
    form: MessageForm,
    sealed: string | null,
    known: Text | undefined,
  ): Promise<Text | undefined> {
    const content = known?.content ?? open(sealed, alert.job.alertId);
    if (content === undefined) return undefined;
    if (known?.rendered.form.simplicity === form.simplicity) return known;
    return {
      content,
      rendered: { form, parts: await deps.render(contentIn(form, content), form.simplicity) },
    };
  }

  function open(sealed: string | null, alertId: string): AlertContent | undefined {
    try {
      return sealed === null ? undefined : deps.cipher.open(sealed, alertId);
    } catch {
      // Sealed with another JWT_SECRET, or damaged.
      return undefined;
    }
  }

  async function send(attempt: Attempt, content: AlertContent, part: RenderedPart): Promise<Step> {
    const { job, index } = attempt;
    events.emit('alert.sending', { alertId: job.alertId, chat: job.chat, part: index + 1 });
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
