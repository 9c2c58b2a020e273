/** What became of one item of a batch. */
export type Settled<Out> =
  | { readonly ok: true; readonly value: Out }
  | { readonly ok: false; readonly error: unknown };

/**
 * Groups calls, so that many share one round trip (group commit): those of one event-loop turn make a batch, in the
 * order of the calls. `run` answers item by item, or rejects for all of them.
 *
 * By default one batch runs at a time, and the calls that arrive meanwhile share the next one. `overlap`: no call waits for
 * a batch before it, nor for the rest of the turn: what one callback leads to (the alerts of one commit) makes a batch.
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

  async function drainInTurn(): Promise<void> {
    let running = startBatch();
    while (running !== undefined) {
      const { batch } = running;
      const results = await running.results;
      // The next batch is on its way before the callers of this one go on.
      running = startBatch();
      settle(batch, results);
    }
    isScheduled = false;
  }

  function drainAtOnce(): void {
    isScheduled = false;
    for (let started = startBatch(); started !== undefined; started = startBatch()) {
      const { batch, results } = started;
      void results.then((all) => settle(batch, all));
    }
  }

  function startBatch() {
    if (waiting.length === 0) return undefined;
    const batch = waiting.slice(0, maxItems);
    waiting = waiting.slice(maxItems);
    const items = batch.map((call) => call.item);
    const results = run(items).catch((error: unknown) =>
      items.map((): Settled<Out> => ({ ok: false, error })),
    );
    return { batch, results };
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (isScheduled) return;
      isScheduled = true;
      // After the promises that are settled by now.
      if (overlap) process.nextTick(drainAtOnce);
      // After the I/O callbacks of this turn: all requests that were read from the sockets by now come along.
      else setImmediate(drainInTurn);
    });
}

function settle<Out>(
  batch: readonly { resolve(value: Out): void; reject(error: unknown): void }[],
  results: readonly Settled<Out>[],
): void {
  batch.forEach((call, index) => {
    const result = results[index];
    if (result === undefined) call.reject(new Error('a batch did not answer for one of its items'));
    else if (result.ok) call.resolve(result.value);
    else call.reject(result.error);
  });
}
