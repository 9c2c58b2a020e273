import { pause } from '../../async/pause.ts';
import { within } from '../../async/within.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { classifyFault } from '../api-errors.ts';
import type { AlertBot } from '../bot.ts';
import type { BotLogger } from '../bot-logger.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Holding, Lease } from './lease.ts';
import {
  type BackoffOptions,
  backoffMs,
  createStateKeeper,
  DEFAULT_BACKOFF,
  stateAfter,
  type UpdateSource,
} from './update-source.ts';
import { createWindow } from './window.ts';

/** What the bot handles. Named, so that a list left at Telegram by an earlier program cannot withhold any. */
export const ALLOWED_UPDATES = ['message', 'channel_post', 'callback_query', 'my_chat_member'] as const;

/**
 * Most updates of one call: Telegram's own maximum. It hands out again what is not confirmed, so that no more are in hand
 * either, and no more can come twice after a crash.
 */
const BATCH = 100;
/**
 * While a handler takes long (a reply that hangs), Telegram is asked for the other chats' updates this often, in ms: it
 * answers at once then, because of those that are not confirmed.
 */
const LOOK_MS = 300;
/** Telegram may answer this much later than it was asked to, in milliseconds. */
const POLL_SLACK_MS = 10_000;
/** How long a stopping poller waits for handlers in flight, in milliseconds. */
const GRACE_MS = 2_500;
const CONFIRM_LIMIT_MS = 1_000;
/** Telegram picks a new, random update id after a quiet week: an old offset might then hide updates. */
const OFFSET_LIFE_MS = 6 * 86_400_000;

export interface PollerDeps {
  readonly bot: AlertBot;
  readonly lease: Lease;
  readonly logger: BotLogger;
  readonly clock: Clock;
  /** Long polling, in seconds; Telegram's maximum is 50. */
  readonly pollSeconds?: number;
  /** Milliseconds between tries to get the lease: the delay of a takeover after a clean stop. */
  readonly standbyMs?: number;
  readonly backoff?: BackoffOptions;
}

/**
 * Reads updates by long polling while this process holds the lease, forever. An update is confirmed to Telegram only
 * after it was handled, and all before it: a crash repeats updates instead of losing them. Chats are handled side by side.
 */
export function createPoller(deps: PollerDeps): UpdateSource {
  const { bot, logger, clock, pollSeconds = 30, standbyMs = 1_000, backoff = DEFAULT_BACKOFF } = deps;
  const state = createStateKeeper({
    now: clock.now,
    log: (level, fields, message) => logger[level](fields, message),
  });
  const dispatcher = createDispatcher({ handle: bot.handle });
  /** Aborts when the present holding of the lease ends. */
  let holding: AbortSignal | undefined;
  const inFlight = createWindow(async (update) => (await dispatcher.dispatch(update, holding)) === 'handled');
  let running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  let offset: { readonly next: number; readonly at: number; confirmed: boolean } | undefined;

  async function run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const lease = await waitForLease(stop);
      if (lease === undefined) break;
      holding = AbortSignal.any([stop, lease.lost]);
      await pollWhileHeld(holding);
      await within(GRACE_MS, inFlight.settled).catch(() => undefined);
      noteHandled();
      inFlight.clear();
      // Whoever has the lease now is already polling: a call from us would disturb it.
      if (!lease.lost.aborted) await confirm();
      await lease.release();
    }
    state.set('stopped');
  }

  async function waitForLease(stop: AbortSignal): Promise<Holding | undefined> {
    let warned = false;
    while (!stop.aborted) {
      try {
        const holding = await deps.lease.tryAcquire();
        if (holding !== undefined) return holding;
        warned = false;
      } catch (error) {
        if (!warned) logger.warn({ error }, 'Redis does not respond: unclear which process should poll');
        warned = true;
      }
      state.set('standby');
      await pause(standbyMs, stop);
    }
    return undefined;
  }

  async function pollWhileHeld(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let webhookGone = false;
    let menuShown = false;
    while (!signal.aborted) {
      try {
        if (!webhookGone) {
          await bot.identify(signal);
          await bot.api.call('deleteWebhook', {}, { signal });
          webhookGone = true;
        }
        // The first call, and the first after a failure, does not wait: it shows whether things work.
        const seconds = state.get().state === 'polling' && inFlight.isEmpty() ? pollSeconds : 0;
        const updates = await getUpdates(seconds, BATCH, signal, pollSeconds * 1000 + POLL_SLACK_MS);
        failures = 0;
        state.set('polling');
        if (!menuShown) void bot.publishMenu(signal);
        menuShown = true;
        inFlight.begin(updates);
        await untilSettled(signal);
        noteHandled();
      } catch (error) {
        if (signal.aborted) return;
        const fault = classifyFault(error);
        if (fault.kind === 'conflict' && fault.webhook) webhookGone = false;
        failures++;
        state.set(stateAfter(fault), { error });
        await pause(backoffMs(fault, failures, backoff), signal);
      }
    }
  }

  async function getUpdates(
    seconds: number,
    limit: number,
    signal: AbortSignal | undefined,
    timeoutMs: number,
  ) {
    if (offset !== undefined && clock.now() - offset.at > OFFSET_LIFE_MS) offset = undefined;
    const asked = offset;
    const updates = await bot.api.call(
      'getUpdates',
      {
        timeout: seconds,
        limit,
        allowed_updates: ALLOWED_UPDATES,
        ...(asked === undefined ? {} : { offset: asked.next }),
      },
      { signal, timeoutMs },
    );
    if (asked !== undefined) asked.confirmed = true;
    return updates;
  }

  /** Waits for all that is in hand, but for LOOK_MS at most: one chat's slow reply must not hold up the others. */
  async function untilSettled(signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const late = pause(LOOK_MS, AbortSignal.any([signal, enough.signal]));
    await Promise.race([inFlight.settled(), late]);
    enough.abort();
  }

  /** Only what was handled without a gap: confirming an id confirms all before it. */
  function noteHandled(): void {
    const last = inFlight.takeHandled();
    if (last !== undefined) offset = { next: last + 1, at: clock.now(), confirmed: false };
  }

  /** On a clean stop Telegram learns what was handled, so that the next process does not do it again. */
  async function confirm(): Promise<void> {
    if (offset === undefined || offset.confirmed) return;
    await getUpdates(0, 1, undefined, CONFIRM_LIMIT_MS).catch((error: unknown) => {
      logger.warn({ error }, 'Could not confirm the last updates: they may come again');
    });
  }

  return {
    state: state.get,
    start() {
      if (running !== undefined) return;
      bot.api.open();
      const stop = new AbortController();
      running = { stop, done: run(stop.signal) };
    },
    async stop() {
      const current = running;
      if (current === undefined) return;
      current.stop.abort();
      await current.done;
      // Replies that Telegram still holds: their updates come again, an apology now would be wrong.
      bot.api.close();
      if (running === current) running = undefined;
    },
  };
}
