import type { Queue } from 'bullmq';
import type { UpdateQueue } from '../services/ports/incidents.ts';

export const UPDATE_QUEUE = 'updates';

/** What BullMQ stores of an edit. */
export interface UpdateJobData {
  readonly incidentId: string;
}

/**
 * At most two jobs per incident: one at work and one that waits, which shows whatever is true by then. So many alerts are
 * one edit, and no two workers edit the same message at the same time.
 */
export function createUpdateQueue(queue: Queue<UpdateJobData>): UpdateQueue {
  return {
    async add(incidentId) {
      await queue.add(
        'edit',
        { incidentId },
        {
          deduplication: { id: incidentId, keepLastIfActive: true },
          removeOnComplete: true,
          removeOnFail: true,
        },
      );
    },
  };
}
