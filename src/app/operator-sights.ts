import { within } from '../async/within.ts';
import type { EventBus } from '../domain/events.ts';
import { isOwed, type JobHistory, overdueJobs } from '../domain/jobs.ts';
import type { Check } from '../ops/health.ts';
import type { TelegramWatch } from '../ops/telegram-watch.ts';
import type { TelegramState } from '../services/delivery/telegram-guard.ts';
import type { Sight, Trouble } from '../services/operators/troubles.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { QueueCounts } from '../services/ports/queue.ts';
import type { FreeDisk } from './free-disk.ts';

/** A full queue is over once a tenth of its places is free, a short disk with a fifth more room: else both would flicker. */
const NEARLY_FULL = 0.9;
const ENOUGH_ROOM = 1.2;
/** As health's, in ms. */
const CHECK_LIMIT_MS = 1_000;

/** Nobody is woken for one slow answer: it has to fail twice in a row. */
function patient(check: Check): () => Promise<Sight> {
  let failures = 0;
  return async () => {
    const isFine = await within(CHECK_LIMIT_MS, check).then(
      ({ ok }) => ok,
      () => false,
    );
    failures = isFine ? 0 : failures + 1;
    return isFine ? 'fine' : failures >= 2 ? 'trouble' : 'unknown';
  };
}

/** What this process sees of each trouble. */
export function createSights(deps: {
  /** Undefined where another process tells of Redis: they cannot agree on one without it. */
  redisCheck: Check | undefined;
  databaseCheck: Check;
  /** Whether Telegram answers this process. */
  contact: TelegramWatch['state'];
  /** The worker's; undefined where this process does not send. */
  sender: (() => TelegramState) | undefined;
  counts: () => Promise<QueueCounts>;
  maxPending: number;
  /** The health check of the queue, one of its own. */
  queueCheck: Check;
  /** How long the queue check watches before it finds no progress, in ms. */
  queueLimitMs: number;
  history: () => Promise<JobHistory>;
  freeDisk: () => Promise<readonly FreeDisk[]>;
  events: EventBus;
  clock: Clock;
  /** IANA name */
  timeZone: string;
}): Readonly<Record<Trouble, () => Sight | Promise<Sight>>> {
  const { clock, timeZone } = deps;
  const startedAt = clock.now();
  /** Jobs that failed in this process, and when. */
  const failedAt = new Map<string, number>();
  deps.events.on('job.failed', ({ job }) => failedAt.set(job, clock.now()));

  async function lookAtJob(job: 'backup' | 'reset-quotas'): Promise<Sight> {
    const history = await deps.history();
    const now = clock.now();
    if (!isOwed(job, history, now, timeZone)) return 'fine';
    const hasFailed = (failedAt.get(job) ?? 0) > (history.lastSuccess[job] ?? 0);
    const isOverdue = overdueJobs(history, { now, since: startedAt, timeZone }).includes(job);
    return hasFailed || isOverdue ? 'trouble' : 'unknown';
  }

  return {
    redis: deps.redisCheck === undefined ? () => 'unknown' : patient(deps.redisCheck),
    database: patient(deps.databaseCheck),
    telegram() {
      const state = deps.contact();
      // A refused token is `halted`.
      if (state === 'unauthorized') return 'unknown';
      return state === 'ok' ? 'fine' : 'trouble';
    },
    halted() {
      const state = deps.sender?.();
      if (state === 'halted') return 'trouble';
      return state === 'ok' ? 'fine' : 'unknown';
    },
    async queue_full() {
      const { pending } = await deps.counts();
      if (pending >= deps.maxPending) return 'trouble';
      return pending < deps.maxPending * NEARLY_FULL ? 'fine' : 'unknown';
    },
    async queue_stuck() {
      const finding = await deps.queueCheck();
      if (!finding.ok && finding.reason === 'no_progress') return 'trouble';
      // It takes this long to tell; and while it is paused, nothing is known.
      const hasWatched = clock.now() - startedAt > deps.queueLimitMs;
      return hasWatched && (finding.ok || finding.reason === 'queue_full') ? 'fine' : 'unknown';
    },
    backup: () => lookAtJob('backup'),
    reset: () => lookAtJob('reset-quotas'),
    async disk() {
      const disks = await deps.freeDisk();
      if (disks.some(({ free, needed }) => free < needed)) return 'trouble';
      return disks.every(({ free, needed }) => free >= needed * ENOUGH_ROOM) ? 'fine' : 'unknown';
    },
  };
}
