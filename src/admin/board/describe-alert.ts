import type { QueueJobJson } from '@bull-board/api/typings/app';
import * as z from 'zod';
import { ALERT_PRIORITIES } from '../../domain/alert.ts';
import type { WaitReason } from '../../services/alerts/wait-reason.ts';
import { CODE, type JobFace, type JobState, presentOptions, presentReason } from './board-jobs.ts';
import { describeWait } from './describe-wait.ts';

/** How an alert ends. All but a delivered one are failed jobs to BullMQ. */
const ENDS = ['delivered', 'failed', 'uncertain', 'expired', 'dropped'] as const;

/** `uncertain` means that nobody knows: an operator has to read this before sending it again. */
const MAY_HAVE_ARRIVED = 'Telegram may already have it. If you send it again, it may arrive twice.';

const OutcomeSchema = z.object({
  status: z.enum(ENDS),
  parts: z.number().nullable().catch(null),
  messageIds: z.array(z.number()).optional().catch(undefined),
  reason: z.string().regex(CODE).optional().catch(undefined),
  tookMs: z.number().optional().catch(undefined),
});
type Outcome = z.infer<typeof OutcomeSchema>;

/** What of a job's data may be seen. A field of another form, or one that is not listed here, stays hidden. */
const AlertDataSchema = z.object({
  integrationId: z.int().nullable().catch(null),
  chat: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .nullable()
    .catch(null),
  isGroup: z.boolean().nullable().catch(null),
  priority: z.enum(ALERT_PRIORITIES).nullable().catch(null),
  /** Epoch ms. */
  deliverAt: z.number().min(0).max(8.64e15).nullable().catch(null),
  /** UTF-8 bytes of title and message. */
  bytes: z.number().nullable().catch(null),
  outcome: OutcomeSchema.optional().catch(undefined),
});
type AlertData = z.infer<typeof AlertDataSchema>;

export function readAlertData(data: unknown): AlertData {
  return AlertDataSchema.parse(typeof data === 'object' && data !== null ? data : {});
}

/** An alert's row on the board: whose, where to, what kind, how it stands; never a text. Times are epoch ms. */
export function describeAlert(
  job: QueueJobJson,
  { state, reason, now }: { state: JobState; reason: WaitReason | null; now: number },
): JobFace {
  const data = readAlertData(job.data);
  const outcome = readOutcome(job, data, state);
  const wait = isWaiting(state) ? (reason ?? guessWait(data, state, now)) : undefined;
  // Declared as a text, but absent from a job that has not failed.
  const end = job.failedReason ? describeEnd(job.failedReason, outcome) : '';
  const isUncertain = end.startsWith('uncertain');
  const facts = [
    `integration ${data.integrationId ?? '?'}`,
    `chat ${data.chat === null ? '?' : `${data.chat.slice(0, 8)}…`}`,
    data.priority === null ? [] : `${data.priority} priority`,
    kindOf(data) ?? [],
    data.bytes === null ? [] : describeSize(data.bytes),
    wait === undefined ? describeState(state, outcome, end) : describeWait(wait, now),
    isUncertain ? 'Telegram may have it' : [],
  ];
  return {
    name: facts.flat().join(' · '),
    data: {
      integrationId: data.integrationId,
      chat: data.chat,
      kind: kindOf(data),
      priority: data.priority,
      bytes: data.bytes,
      deliverAt: data.deliverAt === null ? null : new Date(data.deliverAt).toISOString(),
      ...(wait === undefined ? {} : { waits: describeWait(wait, now) }),
    },
    returnvalue: outcome ?? null,
    failedReason: isUncertain ? `${end}. ${MAY_HAVE_ARRIVED}` : end,
    // BullMQ's priority is the alert's turn in the queue, which says nothing to an operator.
    opts: presentOptions(job.opts, ['attempts', 'removeOnComplete', 'removeOnFail']),
    dueAt: wait?.until ?? null,
  };
}

/** A delivered alert's job returns it, the others have it in their data, where it outlives a resend. */
function readOutcome(job: QueueJobJson, data: AlertData, state: JobState): Outcome | undefined {
  if (state === 'completed') return OutcomeSchema.safeParse(job.returnvalue).data;
  return state === 'failed' ? data.outcome : undefined;
}

export function isWaiting(state: JobState): boolean {
  return state === 'waiting' || state === 'delayed';
}

/** What the set that an alert is in says about its wait, where nothing better is known. */
function guessWait({ deliverAt }: AlertData, state: JobState, now: number): WaitReason | undefined {
  if (state === 'waiting') return { kind: 'turn' };
  return deliverAt !== null && deliverAt > now ? { kind: 'scheduled', until: deliverAt } : undefined;
}

/** The engine fails a job with `<status>` or `<status>: <reason>`; BullMQ with words of its own. */
function describeEnd(failedReason: string, outcome: Outcome | undefined): string {
  const [status, reason, ...more] = failedReason.split(': ');
  const isCode = reason === undefined || CODE.test(reason);
  if (ENDS.some((end) => end === status) && isCode && more.length === 0) return failedReason;
  if (outcome === undefined) return presentReason(failedReason);
  return outcome.reason === undefined ? outcome.status : `${outcome.status}: ${outcome.reason}`;
}

function describeState(state: JobState, outcome: Outcome | undefined, end: string): string[] {
  switch (state) {
    case 'active':
      return ['sending'];
    case 'delayed':
      return ['held back'];
    case 'completed':
      return ['delivered', ...describeDelivery(outcome)];
    case 'failed':
      return [end || 'failed'];
    default:
      return [];
  }
}

function describeDelivery({ parts, tookMs }: Partial<Outcome> = {}): string[] {
  return [
    ...(parts === undefined || parts === null || parts < 2 ? [] : [withUnit(parts, 'messages')]),
    ...(tookMs === undefined ? [] : [describeDuration(tookMs)]),
  ];
}

function describeDuration(ms: number): string {
  return ms < 1_000 ? withUnit(ms, 'ms') : withUnit((ms / 1_000).toFixed(1), 's');
}

function describeSize(bytes: number): string {
  return bytes < 1_000 ? withUnit(bytes, 'B') : withUnit((bytes / 1_000).toFixed(1), 'kB');
}

/** A line is not broken between the two. */
function withUnit(value: number | string, unit: string): string {
  return `${value}\u00a0${unit}`;
}

function kindOf({ isGroup }: AlertData): string | null {
  return isGroup === null ? null : isGroup ? 'group' : 'private';
}
