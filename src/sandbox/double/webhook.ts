import { badRequest } from './refusals.ts';
import type { UpdateQueue } from './updates.ts';

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** How long the receiver may take to answer. */
const ANSWER_TIMEOUT_MS = 10_000;

export interface Webhook {
  readonly url: string;
  /** @throws Refusal 400 for a url that is not on loopback, or a bad secret */
  set(url: string, secret: string): void;
  remove(): void;
  info(): { url: string; lastErrorDate?: number; lastErrorMessage?: string };
}

function isLoopback(url: string): boolean {
  try {
    const { protocol, hostname } = new URL(url);
    return /^https?:$/.test(protocol) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  } catch {
    return false;
  }
}

/** Delivers updates one after the other by POST, each repeated until its answer is 2xx. Loopback only. */
export function createWebhook(updates: UpdateQueue, now: () => number): Webhook {
  let target: { url: string; secret: string; abort: AbortController } | undefined;
  let lastError: { lastErrorDate: number; lastErrorMessage: string } | undefined;

  const post = async (update: unknown, to: NonNullable<typeof target>): Promise<void> => {
    const response = await fetch(to.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(to.secret ? { 'x-telegram-bot-api-secret-token': to.secret } : {}),
      },
      body: JSON.stringify(update),
      redirect: 'manual',
      signal: AbortSignal.any([to.abort.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    if (response.status < 200 || response.status > 299)
      throw new Error(`Wrong response from the webhook: ${response.status} ${response.statusText}`);
  };

  const pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });

  const nextPush = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const off = updates.onPush(() => {
        off();
        resolve();
      });
      signal.addEventListener('abort', () => {
        off();
        resolve();
      });
    });

  const deliver = async (to: NonNullable<typeof target>): Promise<void> => {
    let retryMs = FIRST_RETRY_MS;
    while (!to.abort.signal.aborted) {
      const update = updates.peek();
      if (!update) {
        await nextPush(to.abort.signal);
        continue;
      }
      try {
        await post(update, to);
        updates.confirm(update.update_id);
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        lastError = { lastErrorDate: Math.floor(now() / 1000), lastErrorMessage: reason };
        await pause(retryMs, to.abort.signal);
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      }
    }
  };

  const remove = (): void => {
    target?.abort.abort();
    target = undefined;
    lastError = undefined;
  };

  return {
    get url() {
      return target?.url ?? '';
    },
    set(url, secret) {
      if (!isLoopback(url)) throw badRequest('bad webhook: the double delivers to loopback addresses only');
      if (!/^[\w-]{0,256}$/.test(secret)) throw badRequest('secret token contains unallowed characters');
      remove();
      target = { url, secret, abort: new AbortController() };
      void deliver(target); // never rejects: every failure is caught and repeated
    },
    remove,
    info: () => ({ url: target?.url ?? '', ...lastError }),
  };
}
