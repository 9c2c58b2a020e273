import type { Agent } from 'node:http';
import { LRUCache } from 'lru-cache';
import { Telegram, TelegramError } from 'telegraf';
import { startLimit } from '../async/limit.ts';
import { pause } from '../async/pause.ts';
import type { AwaitAnswer } from './answers.ts';
import { floodWaitMs } from './api-errors.ts';

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; replaces the client's own limit for this call (long polling). */
  readonly timeoutMs?: number;
}

type Call = Telegram['callApi'];
type Payload<M extends Parameters<Call>[0]> = Parameters<Call>[1] &
  Parameters<typeof Telegram.prototype.callApi<M>>[1];
type Answer<M extends Parameters<Call>[0]> = ReturnType<typeof Telegram.prototype.callApi<M>>;

/** Hears of each call that has ended; `error`: what it threw, `isAborted`: it was given up by us, not by its limit. */
export type CallObserver = (call: {
  readonly method: string;
  readonly tookMs: number;
  readonly error?: unknown;
  readonly isAborted: boolean;
}) => void;

/** The Bot API client of the bot's own replies and updates. */
export interface BotApi {
  /** Telegraf's client; its methods obey the same limits. */
  readonly telegram: Telegram;
  call<M extends Parameters<Call>[0]>(method: M, payload: Payload<M>, options?: CallOptions): Answer<M>;
  /** Aborts every call in flight and refuses new ones, until `open`. A new client is open. */
  close(): void;
  open(): void;
}

/** Above this a reply is given up instead of waited for: the person has moved on, and others wait behind it. */
const MAX_FLOOD_WAIT_MS = 5_000;
const MAX_BLOCKED_CHATS = 1_000;

/**
 * Telegraf's client with a limit on every call (its own is 500 s, and an answer cut in the middle can hang forever)
 * and a bounded obedience to 429: one wait of at most 5 s, one repeat; then the chat's calls fail at once until
 * Telegram's time is over, so that one flooded chat cannot hold up the updates of the others.
 */
export function createBotApi(deps: {
  token: string;
  apiRoot: string;
  timeoutMs: number;
  /** For each request; default: Node's. */
  agents?: () => Agent;
  /** Waits for the pace of the chat's answers. */
  awaitAnswer: AwaitAnswer;
  onCall?: CallObserver;
}): BotApi {
  const telegram = new Telegram(deps.token, {
    // Without the slash the last segment of a path prefix would be lost.
    apiRoot: deps.apiRoot.endsWith('/') ? deps.apiRoot : `${deps.apiRoot}/`,
    webhookReply: false,
  });
  // Telegraf drops the agent of an http:// root, and knows no function for one, which node-fetch calls.
  if (deps.agents !== undefined) telegram.options.agent = deps.agents as never;
  const plainCall = telegram.callApi.bind(telegram);
  const pending = new Set<AbortController>();
  let closed = false;
  const blocked = new LRUCache<string, true>({ max: MAX_BLOCKED_CHATS });

  async function limitedCall<M extends Parameters<Call>[0]>(
    method: M,
    payload: Payload<M>,
    { signal, timeoutMs = deps.timeoutMs }: CallOptions,
  ) {
    const controller = new AbortController();
    const abort = () => controller.abort();
    const cancel = startLimit(timeoutMs, abort);
    if (closed || signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    pending.add(controller);
    const began = performance.now();
    const tell = (error?: unknown) => {
      const isAborted = error !== undefined && (closed || signal?.aborted === true);
      deps.onCall?.({ method, tookMs: performance.now() - began, error, isAborted });
    };
    try {
      // Telegraf types the signal by a shim that lacks some of the real one's properties.
      const result = await plainCall(method, payload, { signal: controller.signal as never });
      tell();
      return result;
    } catch (error) {
      tell(error);
      throw error;
    } finally {
      cancel();
      signal?.removeEventListener('abort', abort);
      pending.delete(controller);
    }
  }

  async function call<M extends Parameters<Call>[0]>(
    method: M,
    payload: Payload<M>,
    options: CallOptions = {},
  ) {
    const chat = chatOf(payload);
    refuseBlocked(chat, method);
    if (method === 'sendMessage' && chat !== undefined) await deps.awaitAnswer(Number(chat));
    try {
      return await limitedCall(method, payload, options);
    } catch (error) {
      const waitMs = floodWaitMs(error);
      // The poller itself decides how long it waits.
      if (waitMs === undefined || method === 'getUpdates') throw error;
      if (waitMs > MAX_FLOOD_WAIT_MS) {
        block(chat, waitMs);
        throw error;
      }
      await pause(waitMs, options.signal);
    }
    try {
      return await limitedCall(method, payload, options);
    } catch (error) {
      const waitMs = floodWaitMs(error);
      if (waitMs !== undefined) block(chat, waitMs);
      throw error;
    }
  }

  function block(chat: string | undefined, waitMs: number): void {
    if (chat !== undefined) blocked.set(chat, true, { ttl: waitMs });
  }

  function refuseBlocked(chat: string | undefined, method: string): void {
    const leftMs = chat === undefined ? 0 : blocked.getRemainingTTL(chat);
    if (leftMs <= 0) return;
    throw new TelegramError(
      {
        error_code: 429,
        description: 'Too Many Requests: still waiting',
        parameters: { retry_after: Math.ceil(leftMs / 1000) },
      },
      { method, payload: {} },
    );
  }

  // Every method of Telegraf's client goes through its callApi.
  telegram.callApi = (method, payload) => call(method, payload as Payload<typeof method>);

  return {
    telegram,
    call: call as BotApi['call'],
    close() {
      closed = true;
      for (const controller of pending) controller.abort();
    },
    open() {
      closed = false;
    },
  };
}

function chatOf(payload: object): string | undefined {
  if (!('chat_id' in payload)) return undefined;
  return typeof payload.chat_id === 'number' || typeof payload.chat_id === 'string'
    ? String(payload.chat_id)
    : undefined;
}
