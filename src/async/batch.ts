/** What became of one item of a batch. */
export type Settled<Out> =
  | { readonly ok: true; readonly value: Out }
  | { readonly ok: false; readonly error: unknown };

/**
 * Groups calls, so that many share one round trip (group commit): those of one event-loop turn make a batch, in the
 * order of the calls. `run` answers item by item, or rejects for all of them.
 *
 * By default one batch runs at a time, and the calls that arrive meanwhile share the next one. `overlap`: each turn's
 * batch starts at once, so that no call waits for a slow batch before it.
 */
export function createGroup<In, Out>(
  run: (items: readonly In[]) => Promise<readonly Settled<Out>[]>,
  options: { readonly maxItems: number; readonly overlap?: boolean },
): (item: In) => Promise<Out> {
  interface Waiting {
    readonly item: In;
    resolve(value: Out): void;
    reject(error: unknown): void;
  }
  const { maxItems, overlap = false } = options;
  let waiting: Waiting[] = [];
  let isScheduled = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      const settled = settle(batch);
      if (!overlap) await settled;
    }
    isScheduled = false;
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
      if (isScheduled) return;
      isScheduled = true;
      // After the I/O callbacks of this turn: all requests that were read from the sockets by now come along.
      setImmediate(() => void drain());
    });
}
