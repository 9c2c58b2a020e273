import type { Job, Queue } from 'bullmq';
import { createGroup, type Settled } from '../async/batch.ts';
import type { AlertOutcome } from '../domain/alert.ts';
import { AppError } from '../domain/errors.ts';
import type { AlertJob, AlertQueue } from '../services/ports/queue.ts';
import { callUp } from './call-up.ts';
import { createForget } from './forget.ts';
import type { FullRefusal } from './free-in.ts';
import type { Ownership } from './ownership.ts';
import type { Place, PlaceLimits, Places, Refusal, Reservation } from './places.ts';
import { removeEnded } from './remove-ended.ts';

export const ALERT_QUEUE = 'alerts';
const JOB_NAME = 'alert';
/** Adds per round trip: about 1 ms of Redis's time, in which the next ones are made ready (docs/decisions/0004). */
const ADD_BATCH = 16;
/** Calls in flight where many jobs are asked for. */
const CALL_BATCH = 200;
/** Ended alerts stay on the board for 24 h, at most 1,000 of each kind (the contract). Age in seconds. */
export const KEEP_ENDED = { age: 86_400, count: 1_000 };
/** The sealed text of a failed or uncertain alert is kept 24 h for a resend, in ms (the contract). */
export const KEEP_TEXT_MS = 86_400_000;

/** What BullMQ stores of an alert: nothing readable, and no ciphertext. The job's id is the alert's. */
export type AlertJobData = Omit<AlertJob, 'alertId'> & {
  /** How it ended, unless it was delivered: then it is the job's return value. */
  readonly outcome?: AlertOutcome;
};

interface Entry extends Reservation {
  readonly job: AlertJob;
}

/** The producer's side: a place first (places.ts), then BullMQ's own add. */
export function createAlertQueue(deps: {
  queue: Queue<AlertJobData>;
  /** On a connection that fails fast (see connectRedis). */
  places: Places;
  limits: Pick<PlaceLimits, 'maxPending' | 'maxPendingPerChat' | 'maxScheduled' | 'maxScheduledPerChat'>;
  ownership: Pick<Ownership, 'claim' | 'isForeign'>;
  /** In how many ms a place is likely free. */
  freeIn: (refusal: FullRefusal, chat: string) => Promise<number>;
}): AlertQueue {
  const { queue, places } = deps;

  /** The adds of one event-loop turn share two round trips; a turn does not wait for the one before it. */
  const enter = createGroup<Entry, Place>(
    async (entries) => {
      const got = await answered(places.reserve(entries));
      const jobs = entries.flatMap(({ job, due }, index) => {
        const place = got[index];
        return place === undefined || 'refusal' in place ? [] : [toBullJob(job, due, place.priority)];
      });
      if (jobs.length > 0) await answered(queue.addBulk(jobs));
      return got.map((value): Settled<Place> => ({ ok: true, value }));
    },
    { maxItems: ADD_BATCH, overlap: true },
  );

  async function add(entry: Entry): Promise<void> {
    // Its worker would call this alert none of its own.
    if (deps.ownership.isForeign()) throw unavailable();
    const place = await enter(entry);
    if ('refusal' in place) throw await refused(place.refusal, entry.job.chat);
  }

  async function refused(refusal: Refusal, chat: string): Promise<AppError> {
    if (refusal === 'text_gone' || refusal === 'no_place') return new AppError('not_resendable', TEXT_GONE);
    const { limits } = deps;
    const details: Record<typeof refusal, string> = {
      queue_full: `The queue is full: it holds at most ${limits.maxPending} pending alerts.`,
      chat_queue_full: `This chat has reached its limit of pending alerts (${limits.maxPendingPerChat}).`,
      schedule_full: `The service has reached its limit of scheduled alerts (${limits.maxScheduled}).`,
      chat_schedule_full: `This chat has reached its limit of scheduled alerts (${limits.maxScheduledPerChat}).`,
    };
    const freeInMs = await answered(deps.freeIn(refusal, chat));
    return new AppError(refusal, `${details[refusal]} Nothing was queued; try again later.`, {
      retryAfterSeconds: Math.max(1, Math.ceil(freeInMs / 1000)),
    });
  }

  const drop: AlertQueue['drop'] = async (alertIds, keepText) => {
    for (let start = 0; start < alertIds.length; start += CALL_BATCH) {
      const ids = alertIds.slice(start, start + CALL_BATCH);
      const chats = await answered(places.chatsOf(ids));
      await answered(Promise.all(ids.map((id) => leave(id, chats.get(id), keepText))));
    }
    if (alertIds.length > 0) await answered(clearCrowd(alertIds));
  };

  async function leave(alertId: string, chat: string | undefined, keepText: boolean): Promise<void> {
    if (chat === undefined) return;
    const next = await places.leave({ alertId, chat, isGroup: false }, keepText ? KEEP_TEXT_MS : 0);
    if (next !== undefined) await callUp(queue, next.alertId, next.ms);
    await callUp(queue, alertId, 0);
  }

  /** Jobs of ended alerts end at the worker's next look. A worker that cannot look must not let them pile up. */
  async function clearCrowd(endedIds: readonly string[]): Promise<void> {
    const { maxPending, maxScheduled } = deps.limits;
    const jobs = await queue.getJobCountByTypes('prioritized', 'delayed');
    if (jobs <= maxPending + maxScheduled + KEEP_ENDED.count) return;
    await Promise.allSettled(endedIds.map((id) => queue.remove(id)));
  }

  /** Where the ids wait is read from BullMQ's sets in one go; only the others are asked for one by one. */
  async function areHeld(ids: readonly string[]): Promise<boolean[]> {
    const sets = ['prioritized', 'delayed'].map((state) => places.scoresIn(queue.toKey(state), ids));
    const [prioritized = [], delayed = []] = await Promise.all(sets);
    return Promise.all(
      ids.map(
        async (id, index) =>
          (prioritized[index] ?? delayed[index] ?? null) !== null ||
          !ENDED_STATES.has(await queue.getJobState(id)),
      ),
    );
  }

  return {
    add: (job, sealed) =>
      add({ job, sealed, due: job.deliverAt !== null && job.deliverAt > Date.now() ? job.deliverAt : 'now' }),

    async addAgain(job, sealed) {
      const form = await answered(removeEnded(queue, job.alertId));
      await add({ job: form === undefined ? job : { ...job, form }, sealed, due: 'now' });
    },

    drop,
    isOurs: () => answered(deps.ownership.claim()),

    forget: createForget((ids) => drop(ids, false)),

    async existing(alertIds) {
      const held = new Set<string>();
      for (let start = 0; start < alertIds.length; start += CALL_BATCH) {
        const ids = alertIds.slice(start, start + CALL_BATCH);
        const answers = await answered(areHeld(ids));
        for (const [index, id] of ids.entries()) if (answers[index]) held.add(id);
      }
      return held;
    },

    async outcomes(alertIds) {
      const ends = new Map<string, AlertOutcome & { readonly endedAt: number }>();
      for (let start = 0; start < alertIds.length; start += CALL_BATCH) {
        const ids = alertIds.slice(start, start + CALL_BATCH);
        const jobs = await answered(Promise.all(ids.map((id) => queue.getJob(id))));
        for (const [index, job] of jobs.entries()) {
          const end = job && outcomeOf(job);
          if (end !== undefined) ends.set(ids[index] ?? '', end);
        }
      }
      return ends;
    },

    async active() {
      const jobs: (Job | undefined)[] = await answered(queue.getActive());
      return new Set(jobs.flatMap((job) => job?.id ?? []));
    },

    async begun() {
      const jobs = await answered(queue.getJobs(['prioritized', 'delayed']));
      return new Map(jobs.flatMap(({ id = '', data: { arrived } }) => (arrived ? [[id, arrived]] : [])));
    },

    placeHolders: () => places.all(),
    hasText: (alertId) => answered(places.hasText(alertId)),

    async purgeEnded() {
      const ages = ['completed', 'failed'] as const;
      await Promise.all(ages.map((state) => queue.clean(KEEP_ENDED.age * 1_000, KEEP_ENDED.count, state)));
    },

    async counts() {
      const [held, counts] = await answered(
        Promise.all([
          places.counts(),
          queue.getJobCounts('wait', 'delayed', 'prioritized', 'active', 'completed', 'failed'),
        ]),
      );
      const of = (state: string) => counts[state] ?? 0;
      return {
        ...held,
        waiting: of('wait'),
        delayed: of('delayed'),
        prioritized: of('prioritized'),
        active: of('active'),
        completed: of('completed'),
        failed: of('failed'),
      };
    },
  };
}

const UNAVAILABLE = 'The queue cannot be reached. Nothing was queued; try again in a few seconds.';
const TEXT_GONE =
  'The text of this alert is gone: it is kept for 24 h after the alert ended. Send a new alert.';
/** `unknown`: there is no such job. */
const ENDED_STATES: ReadonlySet<string> = new Set(['completed', 'failed', 'unknown']);

/** A delivered alert's job returns it, the others have it in their data. Undefined where it has not ended. */
function outcomeOf({ returnvalue, data, finishedOn }: Job<AlertJobData>) {
  const outcome: AlertOutcome | null | undefined = returnvalue ?? data.outcome;
  return outcome && finishedOn !== undefined ? { ...outcome, endedAt: finishedOn } : undefined;
}

function toBullJob({ alertId, ...data }: AlertJob, due: Reservation['due'], priority: number) {
  const delay = typeof due === 'number' ? Math.max(1, due - Date.now()) : 0;
  return { name: JOB_NAME, data, opts: { jobId: alertId, priority, delay } };
}

/** An abandoned alert's text, in ms: its add may still come, but nobody was told that it was accepted. */
const ABANDONED_TEXT_MS = 120_000;

/** Frees the place of an alert that has none of BullMQ's jobs: a crash came between place and add. False if it has one. */
export async function dropAbandoned(
  alert: Pick<AlertJob, 'alertId' | 'chat' | 'isGroup'>,
  { queue, places }: { queue: Queue; places: Places },
): Promise<boolean> {
  if (!ENDED_STATES.has(await queue.getJobState(alert.alertId))) return false;
  await places.leave(alert, ABANDONED_TEXT_MS);
  return true;
}

/** @throws AppError queue_unavailable instead of whatever the connection failed with */
async function answered<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unavailable(error);
  }
}

function unavailable(cause?: unknown): AppError {
  return new AppError('queue_unavailable', UNAVAILABLE, { retryAfterSeconds: 5, cause });
}
