import type { AlertOptions, AlertOutcome } from '../../domain/alert.ts';
import type { Simplicity } from './telegram.ts';

/** What the queue knows of an alert: nothing readable, no plain chat id. */
export interface AlertJob {
  readonly alertId: string;
  readonly integrationId: number;
  /** Keyed hash of the chat id. */
  readonly chat: string;
  readonly isGroup: boolean;
  readonly priority: AlertOptions['priority'];
  readonly deliverAt: number | null;
  /** Size of title and message in UTF-8; null where it is no longer known (resent). */
  readonly bytes: number | null;
  /** The incident whose message it makes. */
  readonly incidentId?: string;
  /** The form that it is sent in, once that is not the full one: all parts must be cut alike. */
  readonly form?: MessageForm;
  /** The parts that had arrived when it was last put off: a ledger that is restored from a backup does not know of them. */
  readonly arrived?: Arrived;
}

export interface Arrived {
  /** How many there are in all. */
  readonly parts: number;
  readonly messageIds: readonly number[];
}

/** The form an alert is sent in; what Telegram refuses, or takes too long to render, leads to a simpler one. */
export interface MessageForm {
  /** How the whole message is cut; see Renderer. */
  readonly simplicity: Simplicity;
  /** Telegram does not know the topic, or it is closed, or it may be what was refused: send without it. */
  readonly withoutTopic: boolean;
  /** The part `from` was refused, after those before it had arrived: what is left is sent like this. */
  readonly rest?: { readonly from: number; readonly as: 'plain' | 'file' };
}

export interface AlertQueue {
  /** False: what is in Redis belongs to another database, and must be left alone. */
  isOurs(): Promise<boolean>;
  /**
   * Durably adds; the caps are exact over all processes. Adding an id that is queued already is a success.
   * @param sealed the sealed AlertContent (see PayloadCipher)
   * @throws AppError queue_full, chat_queue_full, schedule_full, chat_schedule_full, queue_unavailable
   */
  add(job: AlertJob, sealed: string): Promise<void>;
  /**
   * Adds an alert that had ended.
   * @param sealed null: its text is kept
   * @throws AppError as `add`; not_resendable where the text is gone, or the worker has not finished with it
   */
  addAgain(job: AlertJob, sealed: string | null): Promise<void>;
  /** Alerts that ended, or were refused, without the worker: frees their places, and the texts unless they are kept. */
  drop(alertIds: readonly string[], keepText: boolean): Promise<void>;
  /** A refused alert that may still have got a place: frees it in the background, even if Redis is down now. */
  forget(alertId: string): void;
  /** Which of the ids the queue still holds to be worked on; ended ones do not count. */
  existing(alertIds: readonly string[]): Promise<Set<string>>;
  /** What became of those whose ended jobs are still known (24 h), and when (epoch ms). */
  outcomes(alertIds: readonly string[]): Promise<Map<string, AlertOutcome & { readonly endedAt: number }>>;
  /** The alerts that a worker is sending, or was when it died. */
  active(): Promise<ReadonlySet<string>>;
  /** Of the alerts that wait for the send of a further part: what has arrived. */
  begun(): Promise<ReadonlyMap<string, Arrived>>;
  /** The ids of all alerts that have a place, page by page; one may come twice. */
  placeHolders(): AsyncIterable<readonly string[]>;
  /** True while the sealed text is there: until delivery, or 24 h after an end without it. */
  hasText(alertId: string): Promise<boolean>;
  /** Forgets ended jobs beyond what the board shows (24 h). */
  purgeEnded(): Promise<void>;
  counts(): Promise<QueueCounts>;
}

export interface QueueCounts {
  /** What counts for MAX_QUEUE_SIZE: accepted without a later deliverAt, not yet ended. */
  readonly pending: number;
  /** What counts for MAX_SCHEDULED: accepted with a later deliverAt, not yet ended. */
  readonly scheduled: number;
  /** BullMQ's states. */
  readonly waiting: number;
  readonly delayed: number;
  readonly prioritized: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
}

/** How the queue moves, over all workers. Times are epoch milliseconds. */
export interface QueueMotion {
  /** An operator paused it. */
  readonly isPaused: boolean;
  /** Until when Telegram told the whole bot to wait; null if it did not. */
  readonly pausedUntil: number | null;
  /** True: by the 429s of several chats in a row; else it is only suspected. */
  readonly isWholeBotFlooded: boolean;
  /** The last send; null if none is known. */
  readonly lastSentAt: number | null;
  /** Since when the alert that waits longest could be sent, those in a flood wait included; null if none waits. */
  readonly oldestAt: number | null;
}

/** Tells every process that an alert has ended, so that waiting callers need not poll. */
export interface EndedSignal {
  publish(alertId: string): void;
  /** Resolves when the alert was published as ended, when `ms` have passed or when `signal` aborts. */
  wait(alertId: string, ms: number, signal: AbortSignal): Promise<void>;
}

/** Whom a 429 is taken to mean: its chat alone; perhaps the whole bot (a pause of seconds); the whole bot. */
export type FloodScope = 'chat' | 'suspected' | 'bot';

/** Sends within Telegram's and our own limits, over all workers. */
export interface Pace {
  /**
   * Asks for the next send to this chat. `go`: sleep `waitMs`, then send (the slot is taken); with the sealed text, null
   * where Redis has lost it. `isFlooded`: a chat was told to wait since the last delivery, so that this one's is to be
   * told (`answered`). `defer`: not before `ms`; put the alert back and let others go first. `paused`: nobody may send
   * for `ms`.
   */
  take(turn: Pick<AlertJob, 'alertId' | 'chat' | 'isGroup' | 'priority'>): Promise<
    | {
        readonly kind: 'go';
        readonly waitMs: number;
        readonly sealed: string | null;
        readonly isFlooded: boolean;
      }
    | { readonly kind: 'defer'; readonly ms: number }
    | { readonly kind: 'paused'; readonly ms: number }
  >;
  /** Tells when a call really began (performance.now()): the next slot keeps its distance from it. */
  sent(beganAt: number): Promise<void>;
  /**
   * No sends to this chat for `ms` (a flood wait); survives restarts. Where others were told so before it, with no
   * delivery between, all pause for at most a minute at a time, and one after the other is tried.
   */
  block(chat: string, ms: number): Promise<FloodScope>;
  /** A message was delivered: the bot as a whole need not wait. Answers what it was believed to be. */
  answered(): Promise<FloodScope>;
}

/**
 * Asks for the next answer of the bot's in a chat (keyed hash). 0: now, and it is taken; else ask again in so many ms, or
 * `never` where it would wait for longer than `longestMs`.
 */
export type AnswerPace = (chat: string, isGroup: boolean, longestMs: number) => Promise<number | 'never'>;
