import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import { whyCannotSend } from '../../domain/integration.ts';
import { nextReset } from '../../domain/quota.ts';
import type { AcceptingIntegration, AcceptResult, NewAlert } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import { type AlertRequest, canonical, type IdempotencyKey, type Sender } from './alert-request.ts';
import { chatMismatch, deadToken } from './refusals.ts';

/**
 * How long an idempotency key holds that an adapter has derived, in ms: a delivery whose answer got lost comes again at
 * once; what comes later is news.
 */
const DERIVED_WINDOW_MS = 300_000;

/** What is known of a request whose refusal is reported. */
export interface Trace {
  integrationId?: number;
  chat?: string;
  requestId?: string;
}

type Verdict<K extends AcceptResult['kind']> = Extract<AcceptResult, { kind: K }>;
type Other = { readonly kind: string };
type Known = Other & { readonly integration: AcceptingIntegration };

/** What the two ways in have in common: with the key of an incident, and without. */
export interface Entrance {
  /** Runs it, and reports a refusal once; the run adds to the trace what it finds out. */
  reporting<T>(requestId: string | undefined, run: (trace: Trace) => Promise<T>): Promise<T>;
  describe(sender: Sender, request: AlertRequest, idempotencyKey: IdempotencyKey | undefined): NewAlert;
  /** Whose request it is; the trace knows it from here on. @throws AppError unauthorized */
  prove<V extends Known | { readonly kind: 'token_invalid' }>(
    verdict: V,
    trace: Trace,
  ): { readonly proved: Exclude<V, { kind: 'token_invalid' }>; readonly chat: string };
  /** @throws AppError quota_exhausted (with `quota`) */
  validateRateLimit<V extends Other>(
    verdict: V | Verdict<'quota_exhausted'>,
    chat: string,
  ): Exclude<V, { kind: 'quota_exhausted' }>;
  /** What a day allows is used up. @param what a sentence */
  untilReset(what: string, dailyLimit: number, remaining: number): AppError;
}

export function createEntrance(deps: {
  tellUsedUp: (integrationId: number, chat: string) => Promise<void>;
  cipher: PayloadCipher;
  events: EventBus;
  clock: Clock;
  timeZone: string;
}): Entrance {
  const { cipher, events, clock } = deps;

  const describe: Entrance['describe'] = (sender, request, key) => {
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
      idempotency: key === undefined ? null : repeatable(key, request),
    };
  };

  function repeatable(key: IdempotencyKey, request: AlertRequest): NonNullable<NewAlert['idempotency']> {
    if (typeof key === 'string') {
      const bodyHash = cipher.hashRequest(`body:${canonical(request)}`);
      return { keyHash: cipher.hashRequest(`key:${key}`), bodyHash };
    }
    // Values in the text may have changed since: it is the same delivery all the same.
    const keyHash = cipher.hashRequest(`derived:${key.derived}`);
    return { keyHash, bodyHash: keyHash, windowMs: DERIVED_WINDOW_MS };
  }

  function untilReset(what: string, dailyLimit: number, remaining: number): AppError {
    const now = clock.now();
    const resetsAt = nextReset(now, deps.timeZone);
    return new AppError('quota_exhausted', `${what} It resets at ${new Date(resetsAt).toISOString()}.`, {
      retryAfterSeconds: Math.max(1, Math.ceil((resetsAt - now) / 1000)),
      quota: { limit: dailyLimit, remaining },
    });
  }

  return {
    async reporting(requestId, run) {
      const trace: Trace = requestId === undefined ? {} : { requestId };
      try {
        return await run(trace);
      } catch (error) {
        events.emit('alert.refused', { code: error instanceof AppError ? error.code : 'internal', ...trace });
        throw error;
      }
    },
    describe,
    prove(verdict, trace) {
      if (!('integration' in verdict)) throw deadToken(false, undefined);
      const { id, chatId } = verdict.integration;
      const chat = cipher.hashChat(chatId);
      Object.assign(trace, { integrationId: id, chat });
      // TypeScript does not narrow a type parameter.
      return { proved: verdict as Exclude<typeof verdict, { kind: 'token_invalid' }>, chat };
    },
    validateRateLimit<V extends Other>(verdict: V | Verdict<'quota_exhausted'>, chat: string) {
      if (isUsedUp(verdict)) {
        const { id, dailyLimit } = verdict.integration;
        events.emit('quota.exhausted', { integrationId: id, chat });
        void deps.tellUsedUp(id, chat);
        throw untilReset("This integration has used up today's quota.", dailyLimit, 0);
      }
      // TypeScript does not narrow a type parameter.
      return verdict as Exclude<V, { kind: 'quota_exhausted' }>;
    },
    untilReset,
  };
}

function isUsedUp(verdict: Other): verdict is Verdict<'quota_exhausted'> {
  return verdict.kind === 'quota_exhausted';
}

/** Whether this integration may send to this chat. @throws AppError chat_mismatch, integration_not_active */
export function validateStatus<V extends Other>(
  verdict: V | Verdict<'chat_mismatch' | 'not_active'>,
): Exclude<V, { kind: 'chat_mismatch' | 'not_active' }> {
  if (verdict.kind === 'chat_mismatch') throw chatMismatch();
  if (isInactive(verdict)) {
    throw new AppError(
      'integration_not_active',
      whyCannotSend(verdict.integration) ?? 'This integration cannot send alerts right now.',
    );
  }
  // TypeScript does not narrow a type parameter.
  return verdict as Exclude<V, { kind: 'chat_mismatch' | 'not_active' }>;
}

function isInactive(verdict: Other): verdict is Verdict<'not_active'> {
  return verdict.kind === 'not_active';
}
