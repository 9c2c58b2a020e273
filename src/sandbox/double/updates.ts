import { conflict } from './refusals.ts';
import type { Update } from './types.ts';

/** Telegram's default: everything but these, which must be asked for. */
const ASKED_FOR_ONLY = new Set(['chat_member', 'message_reaction', 'message_reaction_count']);
/** The Bot API's bounds for getUpdates: seconds, and updates per answer. */
const MAX_TIMEOUT_SECONDS = 50;
const MAX_BATCH = 100;

export interface UpdateQueue {
  push(kind: string, content: unknown): void;
  setAllowed(kinds: readonly string[] | undefined): void;
  readonly allowed: readonly string[];
  /** Long polling: `offset` confirms all older updates; a second caller ends the first with a 409. */
  poll(
    request: { offset: number; limit: number; timeoutSeconds: number },
    onGone: (leave: () => void) => void,
  ): Promise<readonly Update[]>;
  readonly pending: number;
  peek(): Update | undefined;
  /** Takes one off: the webhook answered 2xx. */
  confirm(updateId: number): void;
  clear(): void;
  /** Called after each push. @returns a function that ends it */
  onPush(listener: () => void): () => void;
  /** Ends a waiting poll with an empty answer: the server stops. */
  release(): void;
}

/** @param maxPending the oldest updates beyond it are dropped (Telegram drops them after 24 hours) */
export function createUpdateQueue(maxPending: number): UpdateQueue {
  let queue: Update[] = [];
  let nextId = 1;
  let allowed: readonly string[] = [];
  let terminate: ((reason: 'conflict' | 'released') => void) | undefined;
  const listeners = new Set<() => void>();

  const batch = (offset: number, limit: number): readonly Update[] => {
    if (offset > 0) queue = queue.filter((update) => update.update_id >= offset);
    if (offset < 0) queue = queue.slice(offset);
    return queue.slice(0, Math.min(Math.max(limit, 1), MAX_BATCH));
  };

  return {
    push(kind, content) {
      const wanted = allowed.length > 0 ? allowed.includes(kind) : !ASKED_FOR_ONLY.has(kind);
      if (!wanted) return;
      queue.push({ update_id: nextId++, [kind]: content });
      if (queue.length > maxPending) queue.shift();
      for (const listener of [...listeners]) listener();
    },
    setAllowed(kinds) {
      if (kinds) allowed = [...kinds];
    },
    get allowed() {
      return allowed;
    },
    poll({ offset, limit, timeoutSeconds }, onGone) {
      terminate?.('conflict');
      const ready = batch(offset, limit);
      const waitMs = Math.min(Math.max(timeoutSeconds, 0), MAX_TIMEOUT_SECONDS) * 1000;
      if (ready.length > 0 || waitMs === 0) return Promise.resolve(ready);
      return new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          listeners.delete(wake);
          if (terminate === onTerminate) terminate = undefined;
        };
        const wake = (): void => {
          end();
          resolve(batch(offset, limit));
        };
        const onTerminate = (reason: 'conflict' | 'released'): void => {
          end();
          if (reason === 'released') resolve([]);
          else
            reject(
              conflict(
                'terminated by other getUpdates request; make sure that only one bot instance is running',
              ),
            );
        };
        const timer = setTimeout(wake, waitMs);
        terminate = onTerminate;
        listeners.add(wake);
        onGone(() => onTerminate('released'));
      });
    },
    get pending() {
      return queue.length;
    },
    peek: () => queue[0],
    confirm(updateId) {
      queue = queue.filter((update) => update.update_id !== updateId);
    },
    clear() {
      queue = [];
    },
    onPush(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    release: () => terminate?.('released'),
  };
}
