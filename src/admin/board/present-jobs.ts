import type { WaitReason, WhyWaiting } from '../../services/alerts/wait-reason.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { describePlainJob, presentableJob } from './board-jobs.ts';
import type { FoundJob, PresentJobs } from './board-queue-adapter.ts';
import { describeAlert, isWaiting, readAlertData } from './describe-alert.ts';

/** Alerts, with the reason why one waits. A retry is `resend`, which asks the ledger. */
export function createAlertPresenter(deps: {
  whyWaiting: WhyWaiting;
  resend(id: string): Promise<unknown>;
  clock: Clock;
}): PresentJobs {
  /** By alert id. One question for all of a page. */
  async function askWhy(found: readonly FoundJob[]): Promise<ReadonlyMap<string, WaitReason | null>> {
    const waiting = found.flatMap(({ job, state }) => {
      const { chat, deliverAt } = readAlertData(job.data);
      return isWaiting(state) && chat !== null ? [{ id: String(job.id), chat, deliverAt }] : [];
    });
    if (waiting.length === 0) return new Map();
    const reasons = await deps.whyWaiting(waiting);
    return new Map(waiting.map(({ id }, index) => [id, reasons[index] ?? null]));
  }

  return async (found) => {
    const reasons = await askWhy(found);
    const now = deps.clock.now();
    return found.map(({ job, state }) => {
      const reason = reasons.get(String(job.id)) ?? null;
      const describe = (json: ReturnType<typeof job.toJSON>) => describeAlert(json, { state, reason, now });
      return presentableJob(job, { state, describe, retry: deps.resend });
    });
  };
}

/** Jobs without a text or a wait of their own. */
export const presentPlainJobs: PresentJobs = async (found) =>
  found.map(({ job, state }) => presentableJob(job, { state, describe: describePlainJob }));
