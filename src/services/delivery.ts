import type { AlertContent, AlertRecord } from '../domain/alert.ts';
import type { EventBus } from '../domain/events.ts';
import type { Integration } from '../domain/integration.ts';
import { type ChatEffect, type SendOutcome, SUSPECT_LIMIT } from '../domain/outcome.ts';
import type { IntegrationService } from './integrations.ts';
import { pause } from './pause.ts';
import type {
  AlertJob,
  AlertLedger,
  AlertQueue,
  Clock,
  EndedSignal,
  IntegrationRepository,
  Pace,
  PayloadCipher,
  RenderedPart,
  Renderer,
  SendRequest,
} from './ports.ts';
import type { TelegramGuard } from './telegram-guard.ts';
import { untilAborted } from './until-aborted.ts';

/** What the queue is to do with the job after a delivery. */
export type Directive =
  /** Nothing is left to do: forget the job and its ciphertext. */
  | { readonly kind: 'done' }
  /** Ended without certain success: keep the ciphertext 24 h for a resend by hand. */
  | { readonly kind: 'keep'; readonly reason: string }
  /** This chat must wait; others go on. No attempt was used. */
  | { readonly kind: 'defer'; readonly ms: number }
  /** The whole bot must wait. No attempt was used. */
  | { readonly kind: 'pause'; readonly ms: number }
  /** Put it back in its place: we are stopping, or the database does not answer. */
  | { readonly kind: 'give_back' };

export interface DeliveryService {
  /** Takes one alert as far as it gets now. Never throws for anything that Telegram does. */
  deliver(job: AlertJob, stopping: AbortSignal): Promise<Directive>;
}

/** The claim is made this long before the slot, in ms, so that its duration does not shift the send. */
const CLAIM_AHEAD_MS = 20;
/** After a certain non-delivery below the breaker's limit, in ms. */
const RETRY_MS = 500;
/** Waits between the tries to write an outcome that is known, in ms. A lock of SQLite's is gone by then. */
const WRITE_RETRIES_MS = [50, 250, 1_000];

interface Attempt {
  readonly job: AlertJob;
  readonly record: AlertRecord;
  readonly integration: Integration;
  readonly content: AlertContent;
  simplicity: 0 | 1 | 2;
  threadGone: boolean;
}

type Step = { readonly kind: 'again' } | Directive;

const AGAIN: Step = { kind: 'again' };
const DONE: Directive = { kind: 'done' };

export function createDeliveryService(deps: {
  ledger: AlertLedger;
  integrations: Pick<IntegrationRepository, 'findById' | 'addSuspicion' | 'setUnreachable'>;
  integrationService: Pick<IntegrationService, 'chatLost' | 'migrateChat'>;
  cipher: Pick<PayloadCipher, 'open'>;
  guard: TelegramGuard;
  render: Renderer;
  pace: Pace;
  queue: Pick<AlertQueue, 'remove'>;
  ended: Pick<EndedSignal, 'publish'>;
  events: EventBus;
  clock: Clock;
}): DeliveryService {
  const { ledger, guard, pace, events, clock } = deps;
  /** Chats with refusals in a row that this worker has seen: only those need their count cleared. */
  const suspects = new Set<string>();

  async function deliver(job: AlertJob, stopping: AbortSignal): Promise<Directive> {
    let simplicity: Attempt['simplicity'] = 0;
    let threadGone = false;
    for (;;) {
      await guard.ready(stopping);
      if (stopping.aborted) return { kind: 'give_back' };
      const found = await prepare(job);
      if ('kind' in found) return found;
      const attempt: Attempt = { ...found, simplicity, threadGone };
      const step = await sendNextPart(attempt, stopping);
      if (step.kind !== 'again') return step;
      ({ simplicity, threadGone } = attempt);
    }
  }

  /** Everything that can be decided without Telegram. */
  async function prepare(job: AlertJob): Promise<Directive | Omit<Attempt, 'simplicity' | 'threadGone'>> {
    const record = await ledger.find(job.alertId);
    // Withdrawn: its sender was told that it was not accepted.
    if (record === undefined) return DONE;
    switch (record.status) {
      case 'delivered':
      case 'expired':
        return DONE;
      case 'failed':
      case 'uncertain':
        return { kind: 'keep', reason: record.reason ?? record.status };
      case 'sending':
        // Its worker died (or froze) between mark and outcome: Telegram may have it.
        return endAs(job, 'uncertain', 'worker_died');
      case 'queued':
        break;
    }
    if (record.expiresAt !== null && record.expiresAt <= clock.now() && record.messageIds.length === 0) {
      if (await ledger.end(record.id, ['queued'], { status: 'expired', reason: null, now: clock.now() })) {
        events.emit('alert.expired', { alertId: record.id, chat: job.chat });
        deps.ended.publish(record.id);
      }
      return DONE;
    }
    const integration = await deps.integrations.findById(record.integrationId);
    if (integration?.status !== 'active') return endAs(job, 'failed', 'revoked', ['queued']);
    if (integration.unreachableSince !== null) {
      return endAs(job, 'failed', integration.unreachableReason ?? 'unreachable', ['queued']);
    }
    try {
      return { job, record, integration, content: deps.cipher.open(job.sealed, job.alertId) };
    } catch {
      // Sealed with another JWT_SECRET, or damaged: no retry can help.
      return endAs(job, 'failed', 'unreadable', ['queued']);
    }
  }

  async function sendNextPart(attempt: Attempt, stopping: AbortSignal): Promise<Step> {
    const { job, record, integration } = attempt;
    const parts = await partsOf(attempt);
    const index = record.messageIds.length;
    const part = parts[index] ?? parts.at(-1);
    if (part === undefined) return endAs(job, 'failed', 'nothing_to_send', ['queued']);

    // While Redis is away it waits for it, which must not hold up a stop; nothing is claimed yet.
    const asked = pace.take({ chat: job.chat, isGroup: job.isGroup, alertId: job.alertId });
    const turn = await untilAborted(asked, stopping);
    if (turn === undefined) return { kind: 'give_back' };
    if (turn.kind === 'defer') return { kind: 'defer', ms: turn.deferMs };
    const slotAt = clock.now() + turn.waitMs;
    await pause(Math.max(0, turn.waitMs - CLAIM_AHEAD_MS), stopping);
    if (stopping.aborted) return { kind: 'give_back' };
    // From here on a crash leaves the mark, and the alert becomes uncertain rather than being sent twice.
    if (!(await ledger.claim(job.alertId, clock.now()))) return AGAIN;
    await pause(slotAt - clock.now());
    events.emit('alert.sending', { alertId: job.alertId, chat: job.chat, part: index + 1 });
    const beganAt = performance.now();
    const outcome = await guard.send(toRequest(attempt, part, index === parts.length - 1, integration));
    pace.sent({ beganAt, tookMs: performance.now() - beganAt });
    return settle(attempt, outcome, { index, parts: parts.length });
  }

  function partsOf(attempt: Attempt): Promise<RenderedPart[]> {
    return deps.render(
      attempt.simplicity === 0 ? attempt.content : withoutButton(attempt.content),
      attempt.simplicity,
    );
  }

  function toRequest(
    attempt: Attempt,
    part: RenderedPart,
    isLast: boolean,
    integration: Integration,
  ): SendRequest {
    const { content, record } = attempt;
    const hasButton = isLast && attempt.simplicity === 0 && content.url !== undefined;
    return {
      chatId: integration.chatId,
      part,
      silent: record.silent || record.priority === 'low',
      threadId: attempt.threadGone ? null : record.threadId,
      button: hasButton ? { text: content.urlTitle ?? 'Open', url: content.url ?? '' } : null,
    };
  }

  async function settle(
    attempt: Attempt,
    outcome: SendOutcome,
    at: { index: number; parts: number },
  ): Promise<Step> {
    const { job } = attempt;
    switch (outcome.kind) {
      case 'delivered':
        return settleDelivered(attempt, outcome.messageId, at);
      case 'flood_wait': {
        await putBack(job, 'flood_wait', outcome.retryAfterMs);
        const { pauseAll } = await pace.block(job.chat, outcome.retryAfterMs);
        return pauseAll
          ? { kind: 'pause', ms: outcome.retryAfterMs }
          : { kind: 'defer', ms: outcome.retryAfterMs };
      }
      case 'never_sent':
        await putBack(job, 'telegram_unreachable', RETRY_MS);
        await pause(RETRY_MS);
        return AGAIN;
      case 'halt':
        await putBack(job, 'telegram_halted', 0);
        return AGAIN;
      case 'migrated':
        // First put back: should the second step fail, the alert is still one that reached nobody.
        await putBack(job, 'chat_migrated', 0);
        await deps.integrationService.migrateChat(attempt.integration.chatId, outcome.chatId);
        return AGAIN;
      case 'topic_gone':
        if (attempt.threadGone || attempt.record.threadId === null) {
          return endAs(job, 'failed', 'topic_gone');
        }
        attempt.threadGone = true;
        await putBack(job, 'topic_gone', 0);
        return AGAIN;
      case 'payload_rejected':
        // Parts that have arrived fix the form: another form would cut the text elsewhere.
        if (attempt.simplicity === 2 || at.index > 0) return endAs(job, 'failed', outcome.reason);
        attempt.simplicity = attempt.simplicity === 0 ? 1 : 2;
        await putBack(job, outcome.reason, 0);
        return AGAIN;
      case 'failed':
        // A chat that cannot be marked now is marked by its next alert.
        await persist(() => affectChat(attempt, outcome.reason, outcome.chat));
        return endAs(job, 'failed', outcome.reason);
      case 'uncertain':
        return endAs(job, 'uncertain', outcome.reason);
    }
  }

  async function settleDelivered(
    attempt: Attempt,
    messageId: number,
    at: { index: number; parts: number },
  ): Promise<Step> {
    const { job, record } = attempt;
    const written = await persist(async () => {
      if (at.index < at.parts - 1) {
        await ledger.addPart(job.alertId, at.parts, messageId);
      } else {
        const end = {
          status: 'delivered',
          reason: null,
          now: clock.now(),
          part: { parts: at.parts, messageId },
        } as const;
        if (await ledger.end(job.alertId, ['sending'], end)) return;
        // We were thought dead, and the text was kept for a resend by hand: it is not needed any more.
        if (await ledger.end(job.alertId, ['uncertain'], end)) await deps.queue.remove([job.alertId]);
      }
    });
    // It arrived, but nothing says so: upkeep will call it uncertain. Sending again would double it.
    if (!written) return { kind: 'keep', reason: 'ledger_unavailable' };
    if (at.index < at.parts - 1) return AGAIN;
    if (suspects.delete(job.chat)) {
      const { chatId } = attempt.integration;
      await persist(async () => void (await deps.integrations.setUnreachable(chatId, null, null)));
    }
    events.emit('alert.delivered', {
      alertId: job.alertId,
      chat: job.chat,
      parts: at.parts,
      tookMs: clock.now() - Math.max(record.createdAt, record.deliverAt ?? 0),
    });
    deps.ended.publish(job.alertId);
    return DONE;
  }

  async function affectChat(attempt: Attempt, reason: string, effect: ChatEffect): Promise<void> {
    const { chatId } = attempt.integration;
    if (effect === 'none') return;
    if (effect === 'suspect') {
      suspects.add(attempt.job.chat);
      if ((await deps.integrations.addSuspicion(chatId)) < SUSPECT_LIMIT) return;
    }
    await deps.integrationService.chatLost(chatId, reason);
  }

  async function putBack(job: AlertJob, reason: string, waitMs: number): Promise<void> {
    // If this cannot be written the mark stays, and the alert ends as uncertain: the safe side.
    await persist(() => ledger.release(job.alertId, reason));
    events.emit('alert.deferred', { alertId: job.alertId, chat: job.chat, reason, waitMs });
  }

  async function endAs(
    job: AlertJob,
    status: 'failed' | 'uncertain',
    reason: string,
    from: readonly ('queued' | 'sending')[] = ['sending'],
  ): Promise<Directive> {
    await persist(async () => {
      if (!(await ledger.end(job.alertId, from, { status, reason, now: clock.now() }))) return;
      events.emit(status === 'failed' ? 'alert.failed' : 'alert.uncertain', {
        alertId: job.alertId,
        chat: job.chat,
        reason,
      });
      deps.ended.publish(job.alertId);
    });
    return reason === 'revoked' ? DONE : { kind: 'keep', reason };
  }

  return { deliver };
}

/** Repeats a write whose facts are known until it succeeds; false when it never did. */
async function persist(write: () => Promise<void>): Promise<boolean> {
  for (const waitMs of [...WRITE_RETRIES_MS, null]) {
    try {
      await write();
      return true;
    } catch {
      if (waitMs === null) return false;
      await pause(waitMs);
    }
  }
  return false;
}

/** The simpler forms carry the link in the text: the button may be what Telegram refused. */
function withoutButton(content: AlertContent): AlertContent {
  const { url, urlTitle, ...rest } = content;
  if (url === undefined) return content;
  return { ...rest, message: `${content.message}\n${urlTitle === undefined ? url : `${urlTitle}: ${url}`}` };
}
