import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Update } from 'telegraf/types';
import { pause } from '../../async/pause.ts';
import { TimeoutError, within } from '../../async/within.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { classifyFault } from '../api-errors.ts';
import type { AlertBot } from '../bot.ts';
import type { BotLogger } from '../bot-logger.ts';
import { createDispatcher } from './dispatcher.ts';
import { ALLOWED_UPDATES } from './poller.ts';
import {
  type BackoffOptions,
  backoffMs,
  createStateKeeper,
  DEFAULT_BACKOFF,
  stateAfter,
  type UpdateSource,
} from './update-source.ts';
import { readJsonBody } from './webhook-body.ts';

/** An Express-mountable middleware; it needs nothing of Express, and reads the body unless that was done before. */
export type WebhookHandler = (
  req: IncomingMessage & { readonly originalUrl?: string; readonly body?: unknown },
  res: ServerResponse,
  next: () => void,
) => void;

export interface Webhook extends UpdateSource {
  readonly handler: WebhookHandler;
  /** The path that the handler answers. */
  readonly path: string;
}

interface WebhookDeps {
  readonly bot: AlertBot;
  /** The public address (WEBHOOK_URL), https. */
  readonly url: string;
  /** The path at which the updates arrive here; default: that of `url`. */
  readonly path?: string;
  /** WEBHOOK_SECRET, or deriveWebhookSecret(token): 1 to 256 of [A-Za-z0-9_-]. */
  readonly secret: string;
  readonly logger: BotLogger;
  readonly clock: Clock;
  readonly backoff?: BackoffOptions;
  /** Telegram gets its 200 after this many milliseconds at the latest; the handling goes on. */
  readonly answerAfterMs?: number;
}

/** Updates that wait or are handled; above this, Telegram has to come back later. */
const MAX_IN_HAND = 1_000;

/** A secret that every process with the same bot token agrees on (HMAC-SHA-256, hex). */
export function deriveWebhookSecret(botToken: string): string {
  return createHmac('sha256', botToken).update('pingui-alert webhook secret').digest('hex');
}

/** Tells Telegram where to deliver updates (again and again, until it has understood), and takes them in. */
export function createWebhook(deps: WebhookDeps): Webhook {
  const { bot, logger, clock, backoff = DEFAULT_BACKOFF, answerAfterMs = 10_000 } = deps;
  const pathname = deps.path ?? new URL(deps.url).pathname;
  const secretDigest = digest(deps.secret);
  const dispatcher = createDispatcher({ handle: bot.handle });
  const state = createStateKeeper({
    now: clock.now,
    log: (level, fields, message) => logger[level](fields, message),
  });
  let running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  async function register(signal: AbortSignal): Promise<void> {
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await bot.identify(signal);
        await bot.api.call(
          'setWebhook',
          { url: deps.url, secret_token: deps.secret, allowed_updates: ALLOWED_UPDATES },
          { signal },
        );
        state.set('webhook');
        await bot.publishMenu(signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        const fault = classifyFault(error);
        state.set(fault.kind === 'refused' ? 'webhook_refused' : stateAfter(fault), { error });
        await pause(backoffMs(fault, failures, backoff), signal);
      }
    }
  }

  async function answer(req: Parameters<WebhookHandler>[0], res: ServerResponse): Promise<void> {
    if (req.method !== 'POST') return finish(res, 405);
    const given = req.headers['x-telegram-bot-api-secret-token'];
    if (typeof given !== 'string' || !timingSafeEqual(digest(given), secretDigest)) return finish(res, 401);
    // Telegram repeats what is not answered 2xx: after a stop, the next process gets it.
    if (running === undefined || dispatcher.size() >= MAX_IN_HAND) return finish(res, 503);
    const body =
      req.body === undefined ? await readJsonBody(req) : { kind: 'json' as const, value: req.body };
    if (body.kind === 'too_large') return finish(res, 413);
    if (body.kind === 'not_json' || !isUpdate(body.value)) return finish(res, 400);

    const update = body.value;
    const status = await within(answerAfterMs, () => dispatcher.dispatch(update)).then(
      () => 200,
      // Otherwise the bot does not know its own name yet: Telegram has to come back later.
      (error: unknown) => (error instanceof TimeoutError ? 200 : 503),
    );
    finish(res, status);
  }

  return {
    path: pathname,
    state: state.get,
    handler(req, res, next) {
      const path = (req.originalUrl ?? req.url ?? '').split('?')[0];
      if (path !== pathname) {
        next();
        return;
      }
      answer(req, res).catch((error: unknown) => {
        logger.error({ error }, 'Failed to handle a webhook call');
        finish(res, 500);
      });
    },
    start() {
      if (running !== undefined) return;
      bot.api.open();
      const stop = new AbortController();
      running = { stop, done: register(stop.signal) };
    },
    async stop() {
      const current = running;
      if (current === undefined) return;
      // Refuses new updates from now on; those in progress get a moment.
      running = undefined;
      current.stop.abort();
      await current.done;
      const deadline = performance.now() + 2_500;
      while (dispatcher.size() > 0 && performance.now() < deadline) await pause(25);
      bot.api.close();
      state.set('stopped');
    },
  };
}

/** Digests have one length, so that the comparison tells nothing, not even the secret's length. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function finish(res: ServerResponse, status: number): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, { 'content-length': 0, ...(status === 413 ? { connection: 'close' } : {}) }).end();
}

/** The rest of its form is Telegram's affair: the secret has shown who sent it. */
function isUpdate(value: unknown): value is Update {
  return (
    typeof value === 'object' &&
    value !== null &&
    'update_id' in value &&
    Number.isSafeInteger(value.update_id)
  );
}
