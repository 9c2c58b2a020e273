import type { Response } from 'express';

/** Waiting callers poll the ledger once a second each; more of them than this are answered at once. */
const MAX_WAITS = 500;

export interface Waits {
  /**
   * Runs work that may take long. Its signal aborts when the caller goes away or the service closes; at once when too
   * many wait already.
   */
  run<T>(res: Response, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Ends all waits, and those to come, so that their requests finish. */
  end(): void;
  /** How many wait now. */
  count(): number;
}

export function createWaits(): Waits {
  const waiting = new Set<AbortController>();
  let ended = false;
  return {
    async run(res, work) {
      const controller = new AbortController();
      const abort = () => controller.abort();
      if (ended || waiting.size >= MAX_WAITS || res.destroyed) abort();
      waiting.add(controller);
      res.once('close', abort);
      try {
        return await work(controller.signal);
      } finally {
        res.off('close', abort);
        waiting.delete(controller);
      }
    },
    end() {
      ended = true;
      for (const controller of waiting) controller.abort();
    },
    count: () => waiting.size,
  };
}
