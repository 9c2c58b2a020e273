/** What the operator's chat is told of. */
export const TROUBLES = [
  'redis',
  'database',
  'telegram',
  'halted',
  'queue_full',
  'queue_stuck',
  'backup',
  'reset',
  'disk',
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** What one process sees of it. `unknown`: it cannot tell, or is between the two. */
export type Sight = 'trouble' | 'fine' | 'unknown';

/** What there is to tell: that it began, or that it is over. Times are epoch ms. */
export interface Notice {
  readonly trouble: Trouble;
  readonly kind: 'begun' | 'over';
  readonly since: number;
}

/** What was told, over all processes. */
export interface NoticeBoard {
  /**
   * Says what this process sees, and asks whether it is the one that has to tell. That a trouble began is told once an hour
   * at most; that it is over, once no process has seen it for a while, and only of one that was told, or should have been.
   * @throws Error while Redis does not answer
   */
  report(trouble: Trouble, sight: Exclude<Sight, 'unknown'>, now: number): Promise<Notice | undefined>;
  /** It was told. Without this it is asked for again, a minute later. */
  told(notice: Notice, now: number): Promise<void>;
}

/** Sends a text to the operator's chat. False: it certainly did not arrive. */
export type TellOperator = (text: string) => Promise<boolean>;
