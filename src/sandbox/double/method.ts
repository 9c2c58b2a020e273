import type { Payload } from './types.ts';

interface CallContext {
  /** Registers what to do when the caller hangs up. */
  onGone(leave: () => void): void;
}

/** One method of the Bot API: its result, or a promise of it. @throws Refusal */
export type Method = (payload: Payload, context: CallContext) => unknown;
