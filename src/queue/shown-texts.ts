import { AppError } from '../domain/errors.ts';
import type { RedisClient } from '../redis/connect.ts';
import type { ShownTexts } from '../services/ports/incidents.ts';
import { dispatchKeys } from './keys.ts';

/** A text whose alert was not decided about is kept for so long, in ms; until its first edit, one that was. */
const UNDECIDED_MS = 10 * 60_000;

/** What incidents show, sealed. @param deps.keepTextMs BUTTON_HOURS */
export function createShownTexts(deps: {
  redis: RedisClient;
  prefix: string;
  keepTextMs: number;
}): ShownTexts {
  const { redis } = deps;
  const { shown } = dispatchKeys(deps.prefix);
  return {
    async put(alertId, sealed) {
      try {
        await redis.set(shown(alertId), sealed, 'PX', UNDECIDED_MS);
      } catch (cause) {
        const detail = 'The queue cannot be reached. Nothing was queued; try again in a few seconds.';
        throw new AppError('queue_unavailable', detail, { retryAfterSeconds: 5, cause });
      }
    },
    async replace(alertId, sealed) {
      await redis.set(shown(alertId), sealed, 'PX', UNDECIDED_MS, 'XX');
    },
    async keep(alertId, aheadMs = 0) {
      await redis.pexpire(shown(alertId), deps.keepTextMs + aheadMs);
    },
    get: (alertId) => redis.get(shown(alertId)),
    async drop(alertIds) {
      await Promise.all(alertIds.map((id) => redis.del(shown(id))));
    },
  };
}
