/** Why an alert in the queue is not being sent yet. */
export interface WaitReason {
  readonly kind: /** The time that its sender chose. */
    | 'scheduled'
    /** Telegram's 429 for its chat. */
    | 'flood_wait'
    /** Telegram's 429 for the whole bot. */
    | 'bot_flood_wait'
    /** Our own pace for its chat: CHAT_DELAY_MS, GROUP_LIMIT_PER_MINUTE. */
    | 'chat_pace'
    /** An operator paused the queue. */
    | 'paused'
    /** Only the alerts before it. */
    | 'turn';
  /** Epoch ms; absent where nobody knows. */
  readonly until?: number;
}

export interface WaitingAlert {
  readonly id: string;
  /** Keyed hash of the chat id. */
  readonly chat: string;
  /** Epoch ms; null: at once. */
  readonly deliverAt: number | null;
}

/** Answers in the order of `alerts`; null for one that no longer waits, or whose reason is unknown. */
export type WhyWaiting = (alerts: readonly WaitingAlert[]) => Promise<readonly (WaitReason | null)[]>;
