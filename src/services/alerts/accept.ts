import { createDeadline, type Deadline } from '../../async/deadline.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import { whyCannotSend } from '../../domain/integration.ts';
import { nextReset } from '../../domain/quota.ts';
import { ANSWER_LIMIT_MS, databaseUnavailable } from '../in-time.ts';
import type { AcceptResult, AlertLedger, NewAlert } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import { type AlertRequest, canonical } from './alert-request.ts';
import type { QueueEntry, Source } from './queue-entry.ts';
import { chatMismatch, deadToken, NOT_ACCEPTED } from './refusals.ts';

/** Who sends: an integration, as its token names it. The accept itself proves that this is still so. */
export interface Sender {
  readonly id: number;
  /** Hex SHA-256 of the token that was presented; null: none was (the bot's own test alert). */
  readonly tokenHash: string | null;
}

export interface AcceptedAlert {
  readonly id: string;
  /** Quota units left today after this alert, of `dailyLimit`. */
  readonly remaining: number;
  readonly dailyLimit: number;
  /** True if an earlier request with the same Idempotency-Key made this alert. */
  readonly replayed: boolean;
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
  tellUsedUp: (integrationId: number, chat: string) => Promise<void>;
  cipher: PayloadCipher;
  events: EventBus;
  clock: Clock;
  timeZone: string;
}): Accept {
  const { ledger, queueEntry, cipher, events, clock } = deps;

  const accept: Accept = async (sender, request, context) => {
    let trace: { integrationId?: number; chat?: string; requestId?: string } =
      context.requestId === undefined ? {} : { requestId: context.requestId };
    try {
      const alert = describe(sender, request, context.idempotencyKey);
      // One step in the database and two in Redis share it.
      const deadline = createDeadline(ANSWER_LIMIT_MS);
      // The one statement that proves the sender, takes the unit and writes the entry; what follows only reads it.
      const verdict = await decide(alert, deadline);
      if (verdict.kind === 'token_invalid') throw deadToken(false, undefined);
      const { integration } = verdict;
      const chat = cipher.hashChat(integration.chatId);
      trace = { ...trace, integrationId: sender.id, chat };
      const entitled = validateRateLimit(validateStatus(verdict), chat);
      if (entitled.kind === 'accepted' && context.isGone?.()) await giveUp(alert);
      const { id, remaining, replayed } = await enqueue(
        entitled,
        alert,
        { integration, request, chat },
        deadline,
      );
      if (replayed) events.emit('alert.replayed', { alertId: id, integrationId: sender.id, chat, ...trace });
      else {
        const { priority, integrationId } = alert;
        events.emit('alert.accepted', { alertId: id, integrationId, priority, chat, ...trace });
      }
      return { id, remaining, dailyLimit: integration.dailyLimit, replayed };
    } catch (error) {
      events.emit('alert.refused', { code: error instanceof AppError ? error.code : 'internal', ...trace });
      throw error;
    }
  };

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

  function validateRateLimit<V extends AcceptResult>(
    verdict: V,
    chat: string,
  ): Exclude<V, { kind: 'quota_exhausted' }> {
    if (verdict.kind === 'quota_exhausted') {
      const { id, dailyLimit } = verdict.integration;
      events.emit('quota.exhausted', { integrationId: id, chat });
      void deps.tellUsedUp(id, chat);
      throw quotaExhausted(dailyLimit);
    }
    // TypeScript does not narrow a type parameter.
    return verdict as Exclude<V, { kind: 'quota_exhausted' }>;
  }

  /** Into the queue; a repeat completes what its first request began. */
  async function enqueue(
    verdict: Extract<AcceptResult, { kind: 'accepted' | 'repeated' }>,
    alert: NewAlert,
    source: Source,
    deadline: Deadline,
  ): Promise<Pick<AcceptedAlert, 'id' | 'remaining' | 'replayed'>> {
    if (verdict.kind === 'accepted') {
      await queueEntry.enter(alert, source, deadline);
      return { id: alert.id, remaining: verdict.remaining, replayed: false };
    }
    if (verdict.bodyHash !== alert.idempotency?.bodyHash) {
      throw new AppError(
        'idempotency_mismatch',
        'This Idempotency-Key was used for a different alert. Use a new one for each alert.',
      );
    }
    await queueEntry.finish(verdict.record, source);
    return { id: verdict.record.id, remaining: verdict.record.remaining, replayed: true };
  }

  function describe(sender: Sender, request: AlertRequest, key: string | undefined): NewAlert {
    const id = cipher.newAlertId();
    const now = clock.now();
    const ttlMs = request.ttl === undefined ? null : request.ttl * 1000;
    return {
      id,
      integrationId: sender.id,
      format: request.format,
      priority: request.priority,
      silent: request.silent,
      threadId: request.threadId ?? null,
      deliverAt: request.deliverAt ?? null,
      expiresAt: ttlMs === null ? null : Math.max(now, request.deliverAt ?? now) + ttlMs,
      sealedTags: request.tags === undefined ? null : cipher.sealTags(request.tags, id),
      hasButton: request.url !== undefined,
      createdAt: now,
      tokenHash: sender.tokenHash,
      namedChatId: request.chatId ?? null,
      idempotency:
        key === undefined
          ? null
          : {
              keyHash: cipher.hashRequest(`key:${key}`),
              bodyHash: cipher.hashRequest(`body:${canonical(request)}`),
            },
    };
  }

  function quotaExhausted(dailyLimit: number): AppError {
    const now = clock.now();
    const resetsAt = nextReset(now, deps.timeZone);
    return new AppError(
      'quota_exhausted',
      `This integration has used up today's quota. It resets at ${new Date(resetsAt).toISOString()}.`,
      {
        retryAfterSeconds: Math.max(1, Math.ceil((resetsAt - now) / 1000)),
        quota: { limit: dailyLimit, remaining: 0 },
      },
    );
  }

  return accept;
}

/** Whether this integration may send to this chat. @throws AppError chat_mismatch, integration_not_active */
function validateStatus<V extends Exclude<AcceptResult, { kind: 'token_invalid' }>>(
  verdict: V,
): Exclude<V, { kind: 'chat_mismatch' | 'not_active' }> {
  if (verdict.kind === 'chat_mismatch') throw chatMismatch();
  if (verdict.kind === 'not_active') {
    throw new AppError(
      'integration_not_active',
      whyCannotSend(verdict.integration) ?? 'This integration cannot send alerts right now.',
    );
  }
  // TypeScript does not narrow a type parameter.
  return verdict as Exclude<V, { kind: 'chat_mismatch' | 'not_active' }>;
}
