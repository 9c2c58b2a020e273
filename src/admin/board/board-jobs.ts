import type { JobState, QueueJob, QueueJobJson } from '@bull-board/api/typings/app';

export type { JobState };

/** The codes that our jobs fail with and return; not a text of anybody. */
export const CODE = /^[\w.:-]{1,64}$/;
/** BullMQ's own words for a job whose worker died (maxStalledCount). */
const STALLED = 'job stalled more than allowable limit';
const HIDDEN = 'See the log (component "worker" or "job").';

/** What is the same for the jobs of all queues. What is not listed stays hidden, also what BullMQ adds one day. */
const SHOWN = ['id', 'timestamp', 'attemptsMade', 'processedOn', 'finishedOn', 'stalledCounter'] as const;
const SHOWN_OPTIONS = [
  'attempts',
  'delay',
  'priority',
  'removeOnComplete',
  'removeOnFail',
  'repeat',
] as const;

/** What a queue says about one of its jobs. Everything in it may be seen. */
export interface JobFace
  extends Pick<QueueJobJson, 'name' | 'data' | 'returnvalue' | 'failedReason' | 'opts'> {
  /** When a delayed job is due, in epoch ms; null where that is not known. */
  readonly dueAt: number | null;
}

interface Presentation {
  readonly state: JobState;
  describe(job: QueueJobJson): JobFace;
  /** What the board's retry does instead of BullMQ's, which would send without asking the ledger. */
  retry?(id: string): Promise<unknown>;
}

/** A job as the board may show it, whatever its route: no ciphertext, no error text, no stack. */
export function presentableJob<T extends QueueJob>(job: T, { state, describe, retry }: Presentation): T {
  const shown = {
    toJSON: (): QueueJobJson => presentJob(job.toJSON(), state, describe),
    getState: async () => shownState(await job.getState()),
    ...(retry === undefined ? {} : { retry: async () => void (await retry(String(job.toJSON().id))) }),
  };
  // The job itself stays as it is; its other methods work through the prototype.
  return Object.assign(Object.create(job), shown) as T;
}

/** To an operator what waits is waiting, in whichever of BullMQ's two sets it does so. */
export function shownState(state: JobState): JobState {
  return state === 'prioritized' ? 'waiting' : state;
}

function presentJob(
  job: QueueJobJson,
  state: JobState,
  describe: (job: QueueJobJson) => JobFace,
): QueueJobJson {
  const { dueAt, ...face } = describe(job);
  const shown = Object.fromEntries(
    Object.entries(job).filter(([name]) => (SHOWN as readonly string[]).includes(name)),
  );
  return {
    // The types are QueueJobJson's, because the names are.
    ...(shown as Pick<QueueJobJson, (typeof SHOWN)[number]>),
    ...face,
    progress: typeof job.progress === 'number' ? job.progress : 0,
    stacktrace: [],
    ...(job.deferredFailure === undefined ? {} : { deferredFailure: presentReason(job.deferredFailure) }),
    ...(state === 'delayed' ? due(job, dueAt, face.opts) : {}),
    // Taken up and put back, maybe more than once: not what "process started" means to a reader.
    ...(state === 'delayed' || state === 'waiting' ? { processedOn: null } : {}),
  };
}

/**
 * The board reckons "will run at" as the time of the add plus the delay. BullMQ counts the delay of a job that was put
 * back from that moment, so the board would name a time that is long past.
 */
function due(job: QueueJobJson, dueAt: number | null, opts: object): Pick<QueueJobJson, 'delay' | 'opts'> {
  const delay = dueAt === null ? 0 : Math.max(0, dueAt - job.timestamp);
  return { delay, opts: { ...opts, delay } };
}

/** A job whose data are numbers and codes. */
export function describePlainJob(job: QueueJobJson): JobFace {
  return {
    name: CODE.test(job.name) ? job.name : 'job',
    data: presentValue(job.data),
    returnvalue: presentValue(job.returnvalue),
    failedReason: presentReason(job.failedReason),
    opts: presentOptions(job.opts, SHOWN_OPTIONS),
    dueAt: job.delay === undefined ? null : job.timestamp + job.delay,
  };
}

/** Numbers and codes pass, one level deep; other texts do not. */
function presentValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return presentScalar(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, presentScalar(inner)]));
}

function presentScalar(value: unknown): unknown {
  if (typeof value === 'string') return CODE.test(value) ? value : '(hidden)';
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

export function presentReason(reason: string): string {
  return !reason || reason === STALLED || CODE.test(reason) ? reason : HIDDEN;
}

export function presentOptions(opts: unknown, names: readonly string[]): Record<string, unknown> {
  const given = typeof opts === 'object' && opts !== null ? (opts as Record<string, unknown>) : {};
  return Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]]));
}
