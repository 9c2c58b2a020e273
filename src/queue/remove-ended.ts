import { setTimeout } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { AppError } from '../domain/errors.ts';
import type { AlertJob, MessageForm } from '../services/ports/queue.ts';

/** How long a resend waits for the worker to be done with the alert, in ms: the steps after the ledger take some. */
const FINISH_WAIT_MS = 500;
const FINISH_POLL_MS = 20;

/**
 * Removes an ended alert's job: BullMQ ignores an add under an id that it still has. Returns the form that was kept with
 * it, for the parts that have not arrived.
 * @throws AppError not_resendable while the worker has not finished with it
 */
export async function removeEnded(queue: Queue, alertId: string): Promise<MessageForm | undefined> {
  for (let waitedMs = 0; ; waitedMs += FINISH_POLL_MS) {
    const state = await queue.getJobState(alertId);
    if (state === 'completed' || state === 'failed') {
      const job: Job<Pick<AlertJob, 'form'>> | undefined = await queue.getJob(alertId);
      await queue.remove(alertId);
      return job?.data.form;
    }
    // The ledger is written before the job has ended.
    if (state !== 'active') return undefined;
    if (waitedMs >= FINISH_WAIT_MS)
      throw new AppError('not_resendable', 'This alert is still being finished. Try again in a few seconds.');
    await setTimeout(FINISH_POLL_MS);
  }
}
