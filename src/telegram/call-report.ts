import type { CallResult, EventBus } from '../domain/events.ts';
import { classifyError } from './outcomes.ts';

/** Tells of a call of the Bot API that has ended. @param call.error what it threw, if it did; `isAborted`: we gave it up */
export type ReportCall = (call: {
  readonly method: string;
  readonly tookMs: number;
  readonly error?: unknown;
  readonly isAborted?: boolean;
}) => void;

export function createCallReport(events: EventBus): ReportCall {
  return ({ method, tookMs, error, isAborted = false }) =>
    events.emit('telegram.called', { method, result: isAborted ? 'aborted' : resultOf(error), tookMs });
}

function resultOf(error: unknown): CallResult {
  if (error === undefined) return 'ok';
  // Only getUpdates and setWebhook know it; for a send it is one more refusal.
  if (isConflict(error)) return 'conflict';
  const outcome = classifyError(error);
  switch (outcome.kind) {
    case 'flood_wait':
      return 'rate_limited';
    case 'halt':
      return 'unauthorized';
    case 'never_sent':
      return 'unreachable';
    case 'uncertain':
      return 'unanswered';
    case 'delivered':
    case 'failed':
    case 'migrated':
    case 'moments_refused':
    case 'payload_rejected':
    case 'topic_gone':
      return 'refused';
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 409;
}
