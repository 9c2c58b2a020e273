import type { NoticeBoard } from './troubles.ts';

/** As for the board in Redis, in ms. */
const HOUR_MS = 3_600_000;
const AGAIN_MS = 60_000;

/** What one process has told of one trouble that the others' board cannot know of: it is in Redis. */
export function createOwnBoard(): NoticeBoard {
  let since: number | undefined;
  let isOpen = false;
  let toldAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  /** Also where the clock was set back since. */
  const isPast = (at: number, ms: number, now: number) => now - at >= ms || at > now;
  return {
    async report(trouble, sight, now) {
      if (sight === 'trouble') since ??= now;
      if (since === undefined || !isPast(triedAt, AGAIN_MS, now)) return undefined;
      if (sight === 'trouble') {
        if (isOpen || !isPast(toldAt, HOUR_MS, now)) return undefined;
        triedAt = now;
        return { trouble, kind: 'begun', since };
      }
      if (isOpen) {
        triedAt = now;
        return { trouble, kind: 'over', since };
      }
      since = undefined;
      return undefined;
    },
    async told({ kind }, now) {
      triedAt = Number.NEGATIVE_INFINITY;
      isOpen = kind === 'begun';
      if (isOpen) toldAt = now;
      else since = undefined;
    },
  };
}
