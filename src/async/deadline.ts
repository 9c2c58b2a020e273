import { within } from './within.ts';

/** One limit of time that the steps of a request share. */
export interface Deadline {
  /** Milliseconds left, at least 1. */
  leftMs(): number;
  /**
   * What `work` gives, if it does in time. What comes later goes to `late`, so that it can be undone.
   * @throws TimeoutError, and whatever `work` throws
   */
  run<T>(work: () => Promise<T>, late: (value: T) => void): Promise<T>;
}

export function createDeadline(ms: number): Deadline {
  const endsAt = performance.now() + ms;
  const leftMs = () => Math.max(1, Math.ceil(endsAt - performance.now()));
  return {
    leftMs,
    run(work, late) {
      let isLate = false;
      return within(leftMs(), async () => {
        const value = await work();
        if (isLate) late(value);
        return value;
      }).catch((error: unknown) => {
        isLate = true;
        throw error;
      });
    },
  };
}
