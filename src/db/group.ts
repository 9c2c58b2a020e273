/** What became of one item of a batch. */
export type Settled<Out> =
  | { readonly ok: true; readonly value: Out }
  | { readonly ok: false; readonly error: unknown };

/**
 * Groups calls: those of one event-loop turn, and those that arrive while a batch is running, share the next batch.
 * One batch runs at a time, in the order of the calls. `run` answers item by item, or rejects for all of them.
 */
export function createGroup<In, Out>(
  run: (items: readonly In[]) => Promise<readonly Settled<Out>[]>,
  maxItems: number,
): (item: In) => Promise<Out> {
  interface Waiting {
    readonly item: In;
    resolve(value: Out): void;
    reject(error: unknown): void;
  }
  let waiting: Waiting[] = [];
  let isRunning = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      await settle(batch);
    }
    isRunning = false;
  }

  async function settle(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await run(batch.map((call) => call.item));
      batch.forEach((call, index) => {
        const result = results[index];
        if (result === undefined) call.reject(new Error('a batch did not answer for one of its items'));
        else if (result.ok) call.resolve(result.value);
        else call.reject(result.error);
      });
    } catch (error) {
      for (const call of batch) call.reject(error);
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (isRunning) return;
      isRunning = true;
      // After the I/O callbacks of this turn: all requests that were read from the sockets by now come along.
      setImmediate(() => void drain());
    });
}
