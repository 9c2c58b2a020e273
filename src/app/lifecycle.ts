import { createSteadyClock } from '../async/steady-clock.ts';
import { within } from '../async/within.ts';
import type { Logger } from '../ops/logger.ts';
import type { Clock } from '../services/ports/clock.ts';

/**
 * Starts one thing and gives it to the caller, who hands it on to what needs it. It is stopped when the service stops,
 * after all that were started later. `stop` is called once; `shareMs`: after this time it is left behind.
 * @param weight its share of the time to stop, relative to the others'; 1 unless given
 * @throws what `start` threw; Error if the service was told to stop
 */
export type StartPart = <T>(
  name: string,
  start: () => Promise<T>,
  stop: (started: T, shareMs: number) => Promise<void>,
  weight?: number,
) => Promise<T>;

interface Lifecycle<R> {
  /**
   * Runs the sequence. If a part fails, those that had started are stopped again, in reverse order.
   * @throws what the failing part threw; Error if stop() was called meanwhile
   */
  start(): Promise<R>;
  /**
   * Stops in reverse order, each part within its share of the deadline; what one does not need, the next ones may use.
   * Never throws; calling it again gives the same promise. `clean`: every part stopped in time.
   */
  stop(): Promise<{ readonly clean: boolean }>;
}

interface Running {
  readonly name: string;
  readonly weight: number;
  stop(shareMs: number): Promise<void>;
}

/** Milliseconds in all for stopping: what process managers give before they kill (Docker's default). */
const DEADLINE_MS = 10_000;

/** Keeps order, deadline and abort of what `sequence` starts, one after the other. */
export function createLifecycle<R>(
  sequence: (startPart: StartPart) => Promise<R>,
  deps: { readonly log: Logger; readonly clock: Clock; readonly deadlineMs?: number },
): Lifecycle<R> {
  const { log, deadlineMs = DEADLINE_MS } = deps;
  const clock = createSteadyClock(deps.clock);
  /** Parts to be stopped, in the order in which they started. */
  const running: Running[] = [];
  let starting: Promise<R> | undefined;
  let stopping: Promise<{ clean: boolean }> | undefined;
  let stopped = false;

  const startPart: StartPart = async (name, start, stop, weight = 1) => {
    refuseAfterStop();
    const began = clock.now();
    const started = await start().catch((error: unknown) => {
      log.error({ part: name, error }, 'Start failed');
      throw error;
    });
    running.push({ name, weight, stop: (shareMs) => stop(started, shareMs) });
    log.debug({ part: name, tookMs: clock.now() - began }, 'Started');
    // Its start outlasted the whole stop: nobody else will stop it.
    if (stopped) await stopRunning(clock.now() + deadlineMs);
    refuseAfterStop();
    return started;
  };

  function refuseAfterStop(): void {
    if (stopping !== undefined) throw new Error('stopped before everything had started');
  }

  async function stopRunning(endsAt: number): Promise<boolean> {
    let clean = true;
    for (let part = running.pop(); part !== undefined; part = running.pop()) {
      const others = running.reduce((sum, { weight }) => sum + weight, 0);
      const share = (Math.max(0, endsAt - clock.now()) * part.weight) / (part.weight + others);
      clean = (await stopPart(part, share)) && clean;
    }
    return clean;
  }

  async function stopPart(part: Running, shareMs: number): Promise<boolean> {
    const began = clock.now();
    try {
      await within(Math.ceil(shareMs), async () => part.stop(shareMs));
      log.debug({ part: part.name, tookMs: clock.now() - began }, 'Stopped');
      return true;
    } catch (error) {
      log.warn({ part: part.name, tookMs: clock.now() - began, error }, 'Did not stop cleanly');
      return false;
    }
  }

  async function stopAll(): Promise<{ clean: boolean }> {
    const endsAt = clock.now() + deadlineMs;
    // A start under way ends at the next part; one that hangs may not take the time of the parts that do run.
    const started = await within(deadlineMs / 4, async () => starting?.catch(() => undefined)).then(
      () => true,
      () => false,
    );
    const clean = await stopRunning(endsAt);
    stopped = true;
    return { clean: clean && started };
  }

  function stop(): Promise<{ clean: boolean }> {
    stopping ??= stopAll();
    return stopping;
  }

  return {
    async start() {
      starting ??= Promise.resolve().then(() => {
        refuseAfterStop();
        return sequence(startPart);
      });
      try {
        return await starting;
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };
}
