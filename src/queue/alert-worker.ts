import { type Job, type Queue, UnrecoverableError } from 'bullmq';
import { type AlertOutcome, keepsText } from '../domain/alert.ts';
import type { Delivery, DeliveryService } from '../services/delivery/delivery.ts';
import { ALERT_QUEUE, type AlertJobData, KEEP_ENDED, KEEP_TEXT_MS } from './alert-queue.ts';
import { callUp } from './call-up.ts';
import { giveTurns } from './due-alerts.ts';
import { createPacedWorker, type Hand, type PacedWorker, type PacedWorkerDeps } from './paced-worker.ts';
import { NO_TURN, type Places } from './places.ts';

/** A database that does not answer is tried again after this time, in ms. */
const FAULT_PAUSE_MS = 1_000;

/** The thin shell between BullMQ and the delivery service: takes jobs up, and does what follows from a delivery. */
export function createAlertWorker(
  deps: PacedWorkerDeps<AlertJobData> & {
    /** On the patient connection. */
    readonly queue: Queue<AlertJobData>;
    readonly places: Places;
    readonly delivery: DeliveryService;
  },
): PacedWorker {
  const { queue, fastQueue, places } = deps;

  /** A fault on our side ends no alert: BullMQ would call the job failed while the ledger calls it queued. */
  async function deliverOrQueueUp(job: Job<AlertJobData>, hand: Hand): Promise<Delivery> {
    try {
      if (job.data.deliverAt !== null && job.priority === NO_TURN) {
        await giveTurns(job, { queue, places });
        return { kind: 'defer', ms: 0, called: false };
      }
      const { outcome: _, ...data } = job.data;
      return await hand.finish(deps.delivery.deliver({ ...data, alertId: idOf(job) }, hand.stopping));
    } catch (error) {
      deps.onError(error instanceof Error ? error : new Error(String(error)));
      return { kind: 'defer', ms: FAULT_PAUSE_MS, called: true };
    }
  }

  async function end(job: Job<AlertJobData>, outcome: AlertOutcome): Promise<AlertOutcome> {
    const { chat, isGroup } = job.data;
    const keep = keepsText(outcome.status, outcome.reason ?? null) ? KEEP_TEXT_MS : 0;
    const next = await places.leave({ alertId: idOf(job), chat, isGroup }, keep);
    if (next !== undefined) await callUp(fastQueue, next.alertId, next.ms);
    if (outcome.status === 'delivered') return outcome;
    await job.updateData({ ...job.data, outcome });
    // Codes, so they may be seen on the board.
    const { status, reason } = outcome;
    throw new UnrecoverableError(reason === undefined ? status : `${status}: ${reason}`);
  }

  return createPacedWorker<AlertJobData, AlertOutcome>(
    ALERT_QUEUE,
    async (job, hand) => {
      const { form, arrived, called, ...delivery } = await deliverOrQueueUp(job, hand);
      if (form !== undefined || arrived !== undefined)
        await job.updateData({ ...job.data, ...(form && { form }), ...(arrived && { arrived }) });
      return delivery.kind === 'ended'
        ? { kind: 'ended', called, end: () => end(job, delivery.outcome) }
        : { kind: 'later', called, ms: delivery.ms };
    },
    deps,
    { removeOnComplete: KEEP_ENDED, removeOnFail: KEEP_ENDED, metrics: { maxDataPoints: 60 * 24 } },
  );
}

function idOf(job: Job): string {
  if (job.id === undefined) throw new Error('an alert has no job id');
  return job.id;
}
