import type { QueueJob, QueueJobJson } from '@bull-board/api/typings/app';

/** The codes that our jobs fail with and return; not a text of anybody. */
const CODE = /^[\w.:-]{1,64}$/;
/** BullMQ's own words for a job whose worker died (maxStalledCount). */
const STALLED = 'job stalled more than allowable limit';
const HIDDEN = 'The log says more (component "worker" or "job").';

const SHOWN_OPTIONS = [
  'attempts',
  'delay',
  'priority',
  'removeOnComplete',
  'removeOnFail',
  'repeat',
] as const;

type Resend = (alertId: string) => Promise<unknown>;

/**
 * A job as the board may show it, whatever its route: no ciphertext, no error text, no stack. With `resend`, the
 * board's retry is that instead of BullMQ's, which would send without asking the ledger.
 */
export function presentableJob<T extends QueueJob>(
  job: T,
  describeData: (data: unknown) => unknown,
  resend?: Resend,
): T {
  const shown = {
    toJSON: (): QueueJobJson => presentJob(job.toJSON(), describeData),
    ...(resend === undefined ? {} : { retry: async () => void (await resend(String(job.toJSON().id))) }),
  };
  // The job itself stays as it is; its other methods work through the prototype.
  return Object.assign(Object.create(job), shown) as T;
}

function presentJob(job: QueueJobJson, describeData: (data: unknown) => unknown): QueueJobJson {
  const { deferredFailure, ...rest } = job;
  return {
    ...rest,
    name: CODE.test(job.name) ? job.name : 'job',
    data: describeData(job.data),
    opts: presentOptions(job.opts),
    progress: typeof job.progress === 'number' ? job.progress : 0,
    returnvalue: presentValue(job.returnvalue),
    failedReason: presentReason(job.failedReason),
    stacktrace: [],
    ...(deferredFailure === undefined ? {} : { deferredFailure: presentReason(deferredFailure) }),
  };
}

/** An alert's job without its text: instead of the ciphertext only how many bytes it has. */
export function describeAlertData(data: unknown): Record<string, unknown> {
  const { integrationId, chat, priority, deliverAt, isGroup, sealed } = asRecord(data);
  return {
    integrationId: presentValue(integrationId),
    chat: presentValue(chat),
    priority: presentValue(priority),
    deliverAt: typeof deliverAt === 'number' ? new Date(deliverAt).toISOString() : null,
    kind: isGroup === true ? 'group' : 'private',
    sealedBytes: typeof sealed === 'string' ? Buffer.byteLength(sealed, 'base64') : 0,
  };
}

/** Numbers and codes pass, one level deep; other texts do not. */
export function presentValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return presentScalar(value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, presentScalar(inner)]));
}

function presentScalar(value: unknown): unknown {
  if (typeof value === 'string') return CODE.test(value) ? value : '(hidden)';
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function presentReason(reason: string): string {
  if (!reason || reason === STALLED || CODE.test(reason)) return reason;
  return HIDDEN;
}

function presentOptions(opts: unknown): Record<string, unknown> {
  const given = asRecord(opts);
  return Object.fromEntries(SHOWN_OPTIONS.filter((name) => name in given).map((name) => [name, given[name]]));
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
