import { pause } from '../../async/pause.ts';
import type { EventBus } from '../../domain/events.ts';
import { type ChatEffect, type SendOutcome, SUSPECT_LIMIT } from '../../domain/outcome.ts';
import type { IntegrationService } from '../integrations/integrations.ts';
import type { AlertLedger } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { EndedSignal, MessageForm, Pace } from '../ports/queue.ts';
import { type Attempt, endedIdsOf, idsOf, outcomeOf, type Sendable, type Step } from './attempt.ts';
import { simplerForm } from './ladder.ts';
import { persist } from './persist.ts';

/** After a certain non-delivery below the breaker's limit, in ms. */
const RETRY_MS = 500;

export interface SettleDeps {
  readonly ledger: AlertLedger;
  readonly integrations: Pick<IntegrationRepository, 'addSuspicion' | 'clearSuspicion'>;
  readonly integrationService: Pick<IntegrationService, 'chatLost' | 'migrateChat'>;
  readonly pace: Pick<Pace, 'block'>;
  readonly ended: Pick<EndedSignal, 'publish'>;
  readonly events: EventBus;
  readonly clock: Clock;
}

interface Settle {
  /** Records the outcome of a call, and says what follows from it. */
  call(attempt: Attempt, outcome: SendOutcome): Promise<Step>;
  /** Ends an alert without a call, or after one. `from`: what it must be for that; else its own end counts. */
  end(
    alert: Sendable & Pick<Attempt, 'form'>,
    status: 'failed' | 'uncertain' | 'expired',
    reason: string | null,
    from: 'queued' | 'sending',
  ): Promise<Step>;
}

export function createSettle(deps: SettleDeps): Settle {
  const { ledger, events, clock } = deps;

  const write = <T>({ alertId, integrationId }: Sendable['job'], work: () => Promise<T>) =>
    persist(work, (error) => events.emit('ledger.failed', { alertId, integrationId, error }));

  async function call(attempt: Attempt, outcome: SendOutcome): Promise<Step> {
    const { job, form } = attempt;
    switch (outcome.kind) {
      case 'delivered':
        return delivered(attempt, outcome.messageId);
      case 'flood_wait': {
        await putBack(attempt, 'flood_wait', outcome.retryAfterMs);
        const scope = await deps.pace.block(job.chat, outcome.retryAfterMs);
        events.emit('telegram.rate_limited', { chat: job.chat, scope, waitMs: outcome.retryAfterMs });
        return { kind: 'defer', ms: outcome.retryAfterMs };
      }
      case 'never_sent':
        await putBack(attempt, 'telegram_unreachable', RETRY_MS);
        await pause(RETRY_MS);
        return { kind: 'again', form };
      case 'halt':
        await putBack(attempt, 'telegram_halted', 0);
        return { kind: 'again', form };
      case 'migrated':
        // First put back: should the second step fail, the alert is still one that reached nobody.
        await putBack(attempt, 'chat_migrated', 0);
        await deps.integrationService.migrateChat(attempt.integration.chatId, outcome.chatId);
        return { kind: 'again', form };
      case 'topic_gone':
        if (!form.withoutTopic && attempt.record.threadId !== null) {
          return inForm(attempt, 'topic_gone', { ...form, withoutTopic: true });
        }
        return inForm(attempt, 'topic_gone', simplerForm(attempt));
      case 'moments_refused':
        return inForm(attempt, 'moments_refused', form);
      case 'payload_rejected':
        return inForm(attempt, outcome.reason, simplerForm(attempt));
      case 'failed':
        // A chat that cannot be marked now is marked by its next alert.
        await write(job, () => affectChat(attempt, outcome.reason, outcome.chat));
        return end(attempt, 'failed', outcome.reason, 'sending');
      case 'uncertain':
        return end(attempt, 'uncertain', outcome.reason, 'sending');
    }
  }

  /** Refused, so that it may be sent again in another form; without one it has failed. */
  async function inForm(attempt: Attempt, reason: string, form: MessageForm | undefined): Promise<Step> {
    if (form === undefined) return end(attempt, 'failed', reason, 'sending');
    await putBack(attempt, reason, 0);
    return { kind: 'again', form };
  }

  async function delivered(attempt: Attempt, messageId: number): Promise<Step> {
    const { job, record, form, index, parts } = attempt;
    const endedAt = clock.now();
    const isLast = index >= parts - 1;
    const written = await write(job, async () => {
      if (!isLast) return ledger.addPart(job.alertId, parts, messageId);
      const end = { status: 'delivered', reason: null, now: endedAt, part: { parts, messageId } } as const;
      // `uncertain`: we were thought dead; `queued`: and it was resent, which is no longer needed.
      await ledger.end(job.alertId, ['sending', 'uncertain', 'queued'], end);
    });
    // It arrived, but nothing says so: upkeep will call it uncertain. Sending again would double it.
    if (written === undefined) {
      const outcome = outcomeOf(record, { status: 'uncertain', reason: 'ledger_unavailable', endedAt });
      return { kind: 'ended', outcome };
    }
    // Each delivery: the refusals before it may have met another process, or this one before it was restarted.
    await write(job, () => deps.integrations.clearSuspicion(attempt.integration.chatId));
    if (!isLast) return { kind: 'again', form };
    const outcome = outcomeOf(record, { status: 'delivered', reason: null, endedAt, parts, messageId });
    events.emit('alert.delivered', { ...endedIdsOf(attempt), parts, tookMs: outcome.tookMs });
    deps.ended.publish(job.alertId);
    return { kind: 'ended', outcome };
  }

  async function affectChat(attempt: Attempt, reason: string, effect: ChatEffect): Promise<void> {
    const { chatId } = attempt.integration;
    if (effect === 'none') return;
    if (effect === 'suspect' && (await deps.integrations.addSuspicion(chatId)) < SUSPECT_LIMIT) return;
    await deps.integrationService.chatLost(chatId, reason);
  }

  async function putBack({ job }: Attempt, reason: string, waitMs: number): Promise<void> {
    // If this cannot be written the mark stays, and the alert ends as uncertain: the safe side.
    await write(job, () => ledger.release(job.alertId, reason));
    events.emit('alert.deferred', { ...idsOf(job), reason, waitMs });
  }

  const end: Settle['end'] = async (sendable, status, reason, from) => {
    const { job, record, form } = sendable;
    const endedAt = clock.now();
    const written = await write(job, () => ledger.end(job.alertId, [from], { status, reason, now: endedAt }));
    // Somebody else ended it meanwhile: that end counts.
    if (written?.value === false) return { kind: 'again', form };
    if (written !== undefined) {
      if (status === 'expired') events.emit('alert.expired', endedIdsOf(sendable));
      else events.emit(`alert.${status}`, { ...endedIdsOf(sendable), reason: reason ?? status });
      deps.ended.publish(job.alertId);
    }
    return { kind: 'ended', outcome: outcomeOf(record, { status, reason, endedAt }) };
  };

  return { call, end };
}
