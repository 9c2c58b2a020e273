import { pause } from '../../src/async/pause.ts';
import { AppError } from '../../src/domain/errors.ts';
import { alertJob, type QueueRig, SEALED } from './queue-rig.ts';

export interface AddLoad {
  /** Ids of the adds that succeeded, in the order of their answers. */
  readonly acknowledged: readonly string[];
  readonly refusals: readonly { readonly code: string; readonly tookMs: number; readonly at: number }[];
  /** Resolves when one more add has succeeded than now. @throws Error after `ms` */
  nextSuccess(ms: number): Promise<void>;
  /** Resolves when one more add was refused than now. @throws Error after `ms` */
  nextRefusal(ms: number): Promise<void>;
  /** Waits for the adds under way. */
  stop(): Promise<void>;
}

const SENDERS = 4;
/** Between the adds of one sender, in ms: a load, not a flood. */
const PAUSE_MS = 50;

/** Adds alerts all the time, each id once, whatever the answers are. */
export function startAddLoad(rig: QueueRig): AddLoad {
  const acknowledged: string[] = [];
  const refusals: { code: string; tookMs: number; at: number }[] = [];
  let stopped = false;

  const send = async (sender: number): Promise<void> => {
    for (let n = 0; !stopped; n++) {
      const id = `s${sender}-${n}`;
      const began = performance.now();
      try {
        await rig.alerts.add(alertJob(id, `c${n % 5}`), SEALED);
        acknowledged.push(id);
      } catch (error) {
        const code = error instanceof AppError ? error.code : String(error);
        // As the service does, once the entry is withdrawn.
        rig.alerts.forget(id);
        refusals.push({ code, tookMs: performance.now() - began, at: performance.now() });
      }
      await pause(PAUSE_MS);
    }
  };
  const senders = Array.from({ length: SENDERS }, (_, index) => send(index));
  const grows = async (list: readonly unknown[], what: string, ms: number): Promise<void> => {
    const [before, deadline] = [list.length, performance.now() + ms];
    while (list.length === before) {
      if (performance.now() > deadline) throw new Error(`no ${what} within ${ms} ms`);
      await pause(5);
    }
  };
  return {
    acknowledged,
    refusals,
    nextSuccess: (ms) => grows(acknowledged, 'success', ms),
    nextRefusal: (ms) => grows(refusals, 'refusal', ms),
    async stop() {
      stopped = true;
      await Promise.all(senders);
    },
  };
}
