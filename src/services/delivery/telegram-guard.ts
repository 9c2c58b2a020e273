import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhenResult,
} from 'cockatiel';
import { pause } from '../../async/pause.ts';
import { untilAborted } from '../../async/until-aborted.ts';
import type { EventBus } from '../../domain/events.ts';
import type { SendOutcome } from '../../domain/outcome.ts';
import type { EditRequest, SendRequest, TelegramSender } from '../ports/telegram.ts';

export type TelegramState = 'ok' | 'unreachable' | 'halted';

/** A sender that knows when there is no point in trying. */
export interface TelegramGuard {
  /** As TelegramSender.send; while Telegram is known to be unreachable it answers never_sent without a call. */
  send(request: SendRequest): Promise<SendOutcome>;
  edit(request: EditRequest): Promise<SendOutcome>;
  /** Resolves as soon as a send makes sense: normally at once, otherwise when a probe succeeds, on abort or after `stop`. */
  ready(signal: AbortSignal): Promise<void>;
  state(): TelegramState;
  /** Probes no more. */
  stop(): void;
}

interface GuardTiming {
  /** Consecutive calls without an answer from Telegram that open the circuit. Below 3, one lost packet would. */
  readonly failures: number;
  /** First and longest wait between probes while unreachable, in ms. */
  readonly firstProbeMs: number;
  readonly maxProbeMs: number;
  /** Wait between probes after the bot token was refused, in ms. */
  readonly haltedProbeMs: number;
}

/**
 * Health promises to tell the end of a trouble within 15 s: these 3 s, after a probe of 6 s that began too early, leave 6 for
 * a busy machine.
 */
const DEFAULT_GUARD_TIMING: GuardTiming = {
  failures: 3,
  firstProbeMs: 1_000,
  maxProbeMs: 3_000,
  haltedProbeMs: 3_000,
};

/** How often a waiting probe checks if the breaker lets it through, in ms; the back-off is the breaker's. */
const POLL_MS = 100;

/** @param deps.sender its probe must end within some seconds */
export function createTelegramGuard(deps: {
  sender: TelegramSender;
  events: EventBus;
  timing?: Partial<GuardTiming>;
}): TelegramGuard {
  const timing = { ...DEFAULT_GUARD_TIMING, ...deps.timing };
  const breaker = circuitBreaker(
    handleWhenResult((result) => isSilence(result as SendOutcome)),
    {
      breaker: new ConsecutiveBreaker(timing.failures),
      halfOpenAfter: new ExponentialBackoff({
        initialDelay: timing.firstProbeMs,
        maxDelay: timing.maxProbeMs,
      }),
    },
  );
  let halted = false;
  let announced = false;
  const stopped = new AbortController();
  /** One probe loop, while something is wrong: also where nobody waits to send, as health tells of it. */
  let probing: Promise<void> | undefined;

  breaker.onBreak(() => {
    void probe();
    if (announced) return;
    announced = true;
    deps.events.emit('telegram.unreachable', { reason: 'no_connection' });
  });

  function state(): TelegramState {
    if (halted) return 'halted';
    return breaker.state === CircuitState.Closed ? 'ok' : 'unreachable';
  }

  breaker.onReset(announceRecovery);

  function announceRecovery(): void {
    if (state() !== 'ok') return;
    announced = false;
    deps.events.emit('telegram.recovered', {});
  }

  function setHalted(reason: string): void {
    if (!halted) deps.events.emit('telegram.halted', { reason });
    halted = true;
    void probe();
  }

  function probe(): Promise<void> {
    probing ??= probeUntilOk(stopped.signal).finally(() => {
      probing = undefined;
    });
    return probing;
  }

  async function probeOnce(): Promise<void> {
    const answer = await deps.sender.probe();
    if (answer === 'unauthorized') setHalted('unauthorized');
    else if (answer === 'ok' && halted) {
      halted = false;
      announceRecovery();
    }
    if (answer === 'unreachable') throw new Error('unreachable');
  }

  /** Lets one probe through when the breaker's back-off has passed. */
  async function probeThroughBreaker(): Promise<void> {
    await breaker.execute(async (): Promise<SendOutcome> => {
      const reached = await probeOnce().then(
        () => true,
        () => false,
      );
      return reached ? { kind: 'delivered', messageId: 0 } : { kind: 'never_sent', reason: 'no_connection' };
    });
  }

  async function probeUntilOk(signal: AbortSignal): Promise<void> {
    while (state() !== 'ok' && !signal.aborted) {
      if (halted) {
        await pause(timing.haltedProbeMs, signal);
        if (!signal.aborted) await probeOnce().catch(() => undefined);
      } else {
        await pause(POLL_MS, signal);
        if (!signal.aborted) await probeThroughBreaker().catch(ignoreOpenCircuit);
      }
    }
  }

  async function through(call: () => Promise<SendOutcome>): Promise<SendOutcome> {
    if (halted) return { kind: 'halt', reason: 'unauthorized' };
    try {
      const outcome = await breaker.execute(call);
      if (outcome.kind === 'halt') setHalted(outcome.reason);
      return outcome;
    } catch (error) {
      if (error instanceof BrokenCircuitError) return { kind: 'never_sent', reason: 'circuit_open' };
      throw error;
    }
  }

  return {
    state,
    send: (request) => through(() => deps.sender.send(request)),
    edit: (request) => through(() => deps.sender.edit(request)),

    async ready(signal) {
      while (state() !== 'ok' && !signal.aborted && !stopped.signal.aborted)
        await untilAborted(probe(), signal);
    },
    stop: () => stopped.abort(),
  };
}

/**
 * No answer at all. An uncertain outcome counts too: each further try would make one more alert uncertain, while one
 * getMe tells whether Telegram answers.
 */
function isSilence(outcome: SendOutcome): boolean {
  return outcome.kind === 'never_sent' || outcome.kind === 'uncertain';
}

function ignoreOpenCircuit(error: unknown): void {
  if (!(error instanceof BrokenCircuitError)) throw error;
}
