import type { RedisClient } from '../redis/connect.ts';
import type { Notice, NoticeBoard } from '../services/operators/troubles.ts';
import type { DispatchCommands } from './commands.ts';
import { dispatchKeys } from './keys.ts';

/** Of one kind the beginning is told once an hour (the contract), in ms. */
const HOUR_MS = 3_600_000;
/** Unseen for so long it is over: longer than between two looks of a process, in ms. */
const QUIET_MS = 4_000;
/** A notice that did not arrive is tried again after so long, in ms. */
const AGAIN_MS = 60_000;

/** What was told, in Redis. See lua/notice.lua. */
export function createNoticeBoard(deps: {
  redis: RedisClient & DispatchCommands;
  /** QUEUE_PREFIX */
  prefix: string;
}): NoticeBoard {
  const keys = dispatchKeys(deps.prefix);
  return {
    async report(trouble, sight, now) {
      const answer = await deps.redis.pinguiNotice(
        1,
        keys.notice(trouble),
        ...[sight, now, HOUR_MS, QUIET_MS, AGAIN_MS],
      );
      if (!Array.isArray(answer)) return undefined;
      // The script answers with these two.
      const [kind, since] = answer as [Notice['kind'], string];
      return { trouble, kind, since: Number(since) };
    },
    async told({ trouble, kind }, now) {
      const key = keys.notice(trouble);
      if (kind === 'over') {
        // Only its end could be told: that is the hour's notice of it.
        if ((await deps.redis.hexists(key, 'open')) === 0) await deps.redis.hset(key, { told: now });
        await deps.redis.hdel(key, 'since', 'seen', 'open', 'tried', 'ending');
        return;
      }
      await deps.redis.hset(key, { open: 1, told: now });
      await deps.redis.hdel(key, 'tried');
    },
  };
}
