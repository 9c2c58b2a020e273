import { pause } from '../../async/pause.ts';
import type { Clock } from '../ports/clock.ts';
import { noticeText } from './notice-texts.ts';
import { type NoticeBoard, type Sight, type TellOperator, TROUBLES, type Trouble } from './troubles.ts';

/** How often a process looks, in ms. */
const EVERY_MS = 5_000;

export interface OperatorNotices {
  /** Looks once, and tells what there is to tell. Never throws. */
  look(): Promise<void>;
  /** Looks every few seconds until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Watches for troubles, and tells the operator's chat, once over all processes. */
export function createOperatorNotices(deps: {
  sights: Readonly<Record<Trouble, () => Sight | Promise<Sight>>>;
  board: NoticeBoard;
  tell: TellOperator;
  clock: Clock;
  /** IANA name */
  timeZone: string;
  onError(error: Error): void;
}): OperatorNotices {
  const { board, clock } = deps;

  async function lookAt(trouble: Trouble): Promise<void> {
    const sight = await deps.sights[trouble]();
    if (sight === 'unknown') return;
    const notice = await board.report(trouble, sight, clock.now());
    if (notice === undefined) return;
    if (await deps.tell(noticeText(notice, clock.now(), deps.timeZone)))
      await board.told(notice, clock.now());
  }

  async function look(): Promise<void> {
    for (const trouble of TROUBLES)
      await lookAt(trouble).catch((error: unknown) => {
        // Redis or the database is away: health says so, and the next look comes.
        if (error instanceof Error) deps.onError(error);
      });
  }

  return {
    look,
    async run(signal) {
      while (!signal.aborted) {
        await look();
        await pause(EVERY_MS, signal);
      }
    },
  };
}
