import type { Update } from 'telegraf/types';

/** Updates that Telegram handed over and that are not confirmed yet, in its order. */
export interface Window {
  /** Begins with those that are not being handled yet. Of what is in hand already, nothing is begun twice. */
  begin(updates: readonly Update[]): void;
  /** The id up to which all were handled without a gap, those taken off; undefined: the first is not handled yet. */
  takeHandled(): number | undefined;
  /** True where nothing is being handled, and nothing waits to be confirmed. */
  isEmpty(): boolean;
  /** Resolves when nothing is being handled any more. Never rejects. */
  settled(): Promise<unknown>;
  /** Forgets all: what was not confirmed comes again. */
  clear(): void;
}

/** `handle` says whether the update needs not come again; it may fail. */
export function createWindow(handle: (update: Update) => Promise<boolean>): Window {
  let entries = new Map<number, 'working' | 'handled' | 'again'>();
  let working = new Set<Promise<void>>();

  function begin(update: Update): void {
    const id = update.update_id;
    const mine = entries;
    mine.set(id, 'working');
    const work = handle(update)
      .catch(() => false)
      .then((done) => {
        mine.set(id, done ? 'handled' : 'again');
        working.delete(work);
      });
    working.add(work);
  }

  return {
    begin(updates) {
      for (const update of updates) {
        const known = entries.get(update.update_id);
        // An entry keeps its place when it is set again.
        if (known === undefined || known === 'again') begin(update);
      }
    },
    takeHandled() {
      let last: number | undefined;
      for (const [id, state] of entries) {
        if (state !== 'handled') break;
        entries.delete(id);
        last = id;
      }
      return last;
    },
    isEmpty: () => entries.size === 0,
    settled: () => Promise.all(working),
    clear() {
      entries = new Map();
      working = new Set();
    },
  };
}
