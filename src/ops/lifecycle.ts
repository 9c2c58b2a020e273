import type { Clock } from '../services/ports.ts';
import { within } from '../within.ts';
import type { Logger } from './logger.ts';

/** Something that runs: the database, Redis, the worker, … */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  /** Called once, only after `start` resolved. `shareMs`: after this time it is left behind. */
  stop(shareMs: number): Promise<void>;
  /** Its share of the time to stop, relative to the others'; 1 unless given. A worker with sends in flight needs more. */
  readonly stopWeight?: number;
}

export interface Lifecycle {
  /**
   * Starts the parts in order. If one fails, those that had started are stopped again, in reverse order.
   * @throws what the failing part threw; Error if stop() was called meanwhile
   */
  start(): Promise<void>;
  /**
   * Stops in reverse order, each part within its share of the deadline; what one does not need, the next ones may use.
   * Never throws; calling it again gives the same promise. `clean`: every part stopped in time.
   */
  stop(): Promise<{ readonly clean: boolean }>;
}

/** Milliseconds in all for stopping: what process managers give before they kill (Docker's default). */
const DEADLINE_MS = 10_000;

export function createLifecycle(
  parts: readonly Part[],
  deps: { readonly log: Logger; readonly clock: Clock; readonly deadlineMs?: number },
): Lifecycle {
  const { log, clock, deadlineMs = DEADLINE_MS } = deps;
  /** Parts to be stopped, in the order in which they started. */
  const running: Part[] = [];
  let starting: Promise<void> | undefined;
  let stopping: Promise<{ clean: boolean }> | undefined;
  let stopped = false;

  async function startAll(): Promise<void> {
    for (const part of parts) {
      if (stopping !== undefined) throw new Error('stopped before everything had started');
      const began = clock.now();
      try {
        await part.start();
      } catch (error) {
        log.error({ part: part.name, error }, 'start failed');
        throw error;
      }
      running.push(part);
      log.debug({ part: part.name, tookMs: clock.now() - began }, 'started');
      // Its start outlasted the whole stop: nobody else will stop it.
      if (stopped) await stopRunning(clock.now() + deadlineMs);
    }
  }

  async function stopRunning(endsAt: number): Promise<boolean> {
    let clean = true;
    for (let part = running.pop(); part !== undefined; part = running.pop()) {
      const weight = part.stopWeight ?? 1;
      const others = running.reduce((sum, { stopWeight = 1 }) => sum + stopWeight, 0);
      const share = (Math.max(0, endsAt - clock.now()) * weight) / (weight + others);
      clean = (await stopPart(part, share)) && clean;
    }
    return clean;
  }

  async function stopPart(part: Part, shareMs: number): Promise<boolean> {
    const began = clock.now();
    try {
      await within(Math.ceil(shareMs), async () => part.stop(shareMs));
      log.debug({ part: part.name, tookMs: clock.now() - began }, 'stopped');
      return true;
    } catch (error) {
      log.warn({ part: part.name, tookMs: clock.now() - began, error }, 'did not stop cleanly');
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
      starting ??= startAll();
      try {
        await starting;
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };
}
