import { pause } from '../async/pause.ts';
import type { CallResult, EventBus } from '../domain/events.ts';
import type { Clock } from '../services/ports/clock.ts';
import type { TelegramSender } from '../services/ports/telegram.ts';

type TelegramContact = Awaited<ReturnType<TelegramSender['probe']>>;

/** Whether Telegram answers this process, and takes its token, also while nobody sends. */
export interface TelegramWatch {
  state(): TelegramContact;
  /** At once; a probe under way is left alone. */
  stop(): void;
}

/** After so long without an answer Telegram is asked, in ms: with a probe of 6 s a trouble shows within 15 s. */
const SILENCE_MS = 7_000;
/** Between two probes while something is wrong, in ms; and at least, however many calls fail. */
const RETRY_MS = 2_000;
const SHORTEST_MS = 1_000;

/** What shows that Telegram is there and takes the token. */
const ANSWERS: ReadonlySet<CallResult> = new Set(['ok', 'refused', 'rate_limited', 'conflict']);

/**
 * Listens to the calls of this process, and asks Telegram itself (getMe) where there were none for some seconds. A call
 * that fails says nothing alone: it makes the next probe come at once.
 * @param deps.probe must end within some seconds, and never throw
 */
export function startTelegramWatch(deps: {
  events: EventBus;
  probe: TelegramSender['probe'];
  clock: Clock;
}): TelegramWatch {
  const { clock } = deps;
  let state: TelegramContact = 'ok';
  /** Epoch ms; nothing was heard yet. */
  let heardAt = Number.NEGATIVE_INFINITY;
  /** A call has failed since the last probe began. */
  let isSuspect = false;
  let isStopped = false;
  let woken = new AbortController();

  deps.events.on('telegram.called', ({ result }) => {
    if (ANSWERS.has(result)) {
      heardAt = clock.now();
      state = 'ok';
    } else if (result !== 'aborted' && state === 'ok') {
      isSuspect = true;
      woken.abort();
    }
  });

  /** Milliseconds until the next probe is due. */
  function dueIn(probedAt: number): number {
    const now = clock.now();
    const sinceProbe = now - probedAt;
    const [since, wait] =
      state !== 'ok'
        ? [sinceProbe, RETRY_MS]
        : isSuspect
          ? [sinceProbe, SHORTEST_MS]
          : [now - heardAt, SILENCE_MS];
    // At once where the clock was set back.
    return since < 0 ? 0 : wait - since;
  }

  async function watch(): Promise<void> {
    let probedAt = Number.NEGATIVE_INFINITY;
    while (!isStopped) {
      const waitMs = dueIn(probedAt);
      if (waitMs > 0) {
        woken = new AbortController();
        await pause(waitMs, woken.signal);
        continue;
      }
      isSuspect = false;
      const answer = await deps.probe();
      probedAt = clock.now();
      state = answer;
      if (answer === 'ok') heardAt = probedAt;
    }
  }
  void watch();

  return {
    state: () => state,
    stop() {
      isStopped = true;
      woken.abort();
    },
  };
}
