import type { UpdateService } from '../services/incidents/updates.ts';
import { createPacedWorker, type PacedWorker, type PacedWorkerDeps } from './paced-worker.ts';
import { UPDATE_QUEUE, type UpdateJobData } from './update-queue.ts';

/** A database or Redis that does not answer is tried again after this time, in ms. */
const FAULT_PAUSE_MS = 1_000;

/** The thin shell between BullMQ and the edits. */
export function createUpdateWorker(
  deps: PacedWorkerDeps<UpdateJobData> & { readonly updates: UpdateService },
): PacedWorker {
  return createPacedWorker<UpdateJobData, void>(
    UPDATE_QUEUE,
    async ({ data }, hand) => {
      try {
        const update = await hand.finish(deps.updates.update(data.incidentId, hand.stopping));
        return update.kind === 'done'
          ? { kind: 'ended', called: update.called, end: () => undefined }
          : update;
      } catch (error) {
        deps.onError(error instanceof Error ? error : new Error(String(error)));
        return { kind: 'later', ms: FAULT_PAUSE_MS, called: true };
      }
    },
    deps,
  );
}
