/** What happens to a matching call. `deliver` says whether the call takes effect although its answer goes wrong. */
export type FaultAction =
  /** Any answer, e.g. 429 with `parameters.retry_after`, a 403, a 502 with HTML. Not delivered by default. */
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown; readonly deliver?: boolean }
  /** The connection is reset (RST). With `deliver: true` the message arrives: delivered, but nobody knows. */
  | { readonly kind: 'reset'; readonly deliver?: boolean }
  /** Never an answer. */
  | { readonly kind: 'hang'; readonly deliver?: boolean }
  /** Half of the true answer, then the connection ends. Delivered by default. */
  | { readonly kind: 'cut'; readonly deliver?: boolean }
  /** Status 200 with a body that is no JSON. Delivered by default. */
  | { readonly kind: 'invalid-json'; readonly deliver?: boolean }
  /** Nothing goes wrong; for `delayMs` alone. */
  | { readonly kind: 'pass' };

export interface FaultOptions {
  readonly method?: string;
  readonly chatId?: number;
  /** Part of the message's text or caption. */
  readonly text?: string;
  /** Default 1. */
  readonly times?: number | 'always';
  /** Milliseconds before the call takes effect. */
  readonly delayMs?: number;
  /** Default `{ kind: 'pass' }`. */
  readonly action?: FaultAction;
}

interface FaultHandle {
  /** Calls that it met so far. */
  readonly hits: number;
  remove(): void;
}

export interface Faults {
  add(options: FaultOptions): FaultHandle;
  /** The first fault that matches, used up by one. */
  take(
    method: string,
    chatId: number | undefined,
    text: string,
  ): Required<Pick<FaultOptions, 'action' | 'delayMs'>> | undefined;
  clear(): void;
}

/** A 429 as Telegram answers it. @param seconds whole seconds */
export function tooManyRequestsAnswer(seconds: number): FaultAction {
  const body = {
    ok: false,
    error_code: 429,
    description: `Too Many Requests: retry after ${seconds}`,
    parameters: { retry_after: seconds },
  };
  return { kind: 'answer', status: 429, body };
}

/** An error as Telegram answers it, e.g. `errorAnswer(403, 'Forbidden: bot was blocked by the user')`. */
export function errorAnswer(status: number, description: string): FaultAction {
  return { kind: 'answer', status, body: { ok: false, error_code: status, description } };
}

export function createFaults(): Faults {
  interface Entry {
    readonly options: FaultOptions;
    left: number;
    hits: number;
  }
  const entries = new Set<Entry>();

  return {
    add(options) {
      const left = options.times === 'always' ? Number.POSITIVE_INFINITY : (options.times ?? 1);
      const entry: Entry = { options, left, hits: 0 };
      entries.add(entry);
      return {
        get hits() {
          return entry.hits;
        },
        remove: () => void entries.delete(entry),
      };
    },
    take(method, chatId, text) {
      for (const entry of entries) {
        const wanted = entry.options;
        if (wanted.method !== undefined && wanted.method.toLowerCase() !== method.toLowerCase()) continue;
        if (wanted.chatId !== undefined && wanted.chatId !== chatId) continue;
        if (wanted.text !== undefined && !text.includes(wanted.text)) continue;
        entry.hits += 1;
        entry.left -= 1;
        if (entry.left <= 0) entries.delete(entry);
        return { action: wanted.action ?? { kind: 'pass' }, delayMs: wanted.delayMs ?? 0 };
      }
      return undefined;
    },
    clear: () => entries.clear(),
  };
}
