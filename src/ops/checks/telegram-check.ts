import type { TelegramState } from '../../services/delivery/telegram-guard.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { type Check, OK } from '../health.ts';
import type { TelegramWatch } from '../telegram-watch.ts';

/** How updates reach the bot (src/bot/updates), and since when (epoch ms). */
interface Updates {
  readonly state: string;
  readonly since: number;
}

/** One poll that fails is tried again within 2 s, and is no trouble yet, in ms. */
const UPDATES_PATIENCE_MS = 5_000;

/** States of the source of updates that are a trouble. */
const UPDATE_TROUBLES: Readonly<Record<string, { readonly reason: string; readonly afterMs: number }>> = {
  conflict: { reason: 'updates_conflict', afterMs: 0 },
  unauthorized: { reason: 'unauthorized', afterMs: 0 },
  webhook_refused: { reason: 'webhook_refused', afterMs: 0 },
  backing_off: { reason: 'updates_unreachable', afterMs: UPDATES_PATIENCE_MS },
};

/**
 * Degraded while Telegram is unreachable, refuses the token, or gives this process's bot no updates. Costs no call.
 * @param deps.sender only where this process sends; @param deps.updates only where it has the bot
 */
export function createTelegramCheck(deps: {
  watch: Pick<TelegramWatch, 'state'>;
  sender?: () => TelegramState;
  updates?: () => Updates;
  clock: Clock;
}): Check {
  return async () => {
    const sender = deps.sender?.() ?? 'ok';
    if (sender !== 'ok') return { ok: false, reason: sender };
    const contact = deps.watch.state();
    if (contact !== 'ok') return { ok: false, reason: contact };
    const updates = deps.updates?.();
    const trouble = updates && UPDATE_TROUBLES[updates.state];
    if (updates === undefined || trouble === undefined) return OK;
    const lastedMs = deps.clock.now() - updates.since;
    // Below 0 the clock was set back since.
    return lastedMs >= trouble.afterMs || lastedMs < 0 ? { ok: false, reason: trouble.reason } : OK;
  };
}
