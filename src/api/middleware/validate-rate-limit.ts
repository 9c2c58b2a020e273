import type { RequestHandler, Response } from 'express';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Integration } from '../../domain/integration.ts';
import { nextReset } from '../../domain/quota.ts';
import type { Clock } from '../../services/ports.ts';
import { integrationOf } from '../request-context.ts';
import { setPolicy } from './rate-limit-headers.ts';

/** Seconds: a quota is for one day. */
const QUOTA_WINDOW = 86_400;

export interface QuotaGate {
  /**
   * Tells the integration's quota in the headers and refuses early when it is used up (`quota_exhausted`). With an
   * Idempotency-Key the service decides: a repeat of an accepted alert costs nothing. After verifyJwtToken.
   */
  readonly validateRateLimit: RequestHandler;
  /** Puts what is left now into the headers. */
  announce(res: Response, integration: Pick<Integration, 'dailyLimit'>, remaining: number): void;
  /** When (epoch ms) the quotas are next reset. */
  resetsAt(): number;
}

export function createQuotaGate(deps: {
  clock: Clock;
  timeZone: string;
  events: EventBus;
  /** Keyed hash of a chat id. */
  hashChat: (chatId: number) => string;
}): QuotaGate {
  // Calendar arithmetic costs more than the rest of the middleware, and its answer is good for a day.
  let cached = 0;
  const resetsAt = (): number => {
    const now = deps.clock.now();
    // A day is 25 h at most; a clock that was set back must not keep a far reset.
    if (cached <= now || cached - now > 90_000_000) cached = nextReset(now, deps.timeZone);
    return cached;
  };
  const secondsLeft = (): number => Math.max(1, Math.ceil((resetsAt() - deps.clock.now()) / 1000));

  function announce(res: Response, integration: Pick<Integration, 'dailyLimit'>, remaining: number): void {
    setPolicy(res, {
      name: 'quota',
      quota: integration.dailyLimit,
      window: QUOTA_WINDOW,
      remaining,
      reset: secondsLeft(),
    });
  }

  return {
    announce,
    resetsAt,
    validateRateLimit: (req, res, next) => {
      const integration = integrationOf(req);
      announce(res, integration, integration.rateLimit);
      if (integration.rateLimit > 0 || req.headers['idempotency-key'] !== undefined) {
        next();
        return;
      }
      deps.events.emit('quota.exhausted', {
        integrationId: integration.id,
        chat: deps.hashChat(integration.chatId),
      });
      next(
        new AppError(
          'quota_exhausted',
          `Today's alerts of this integration are used up. The quota resets at ${new Date(resetsAt()).toISOString()}.`,
          { retryAfterSeconds: secondsLeft() },
        ),
      );
    },
  };
}
