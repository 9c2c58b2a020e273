import { pause } from '../../async/pause.ts';
import { within } from '../../async/within.ts';
import type { Clock } from '../ports/clock.ts';
import { noticeText } from './notice-texts.ts';
import { type NoticeBoard, type Sight, type TellOperator, TROUBLES, type Trouble } from './troubles.ts';

/** How often a process looks, in ms. */
const EVERY_MS = 2_000;
/** What has not answered by then is unknown, in ms: nobody's look may last so long that a trouble seems to be over. */
const LOOK_LIMIT_MS = 1_500;

export interface OperatorNotices {
  /** Looks once, and tells what there is to tell. Never throws. */
  look(): Promise<void>;
  /** Looks every few seconds until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Watches for troubles, and tells the operator's chat, once over all processes. @param deps.ownBoard for what is wrong with Redis */
export function createOperatorNotices(deps: {
  sights: Readonly<Record<Trouble, () => Sight | Promise<Sight>>>;
  board: NoticeBoard;
  ownBoard: NoticeBoard;
  tell: TellOperator;
  clock: Clock;
  /** IANA name */
  timeZone: string;
  onError(error: Error): void;
}): OperatorNotices {
  const { clock } = deps;

  async function lookAt(trouble: Trouble): Promise<void> {
    const board = trouble === 'redis' ? deps.ownBoard : deps.board;
    const sight = await within(LOOK_LIMIT_MS, async () => deps.sights[trouble]());
    if (sight === 'unknown') return;
    const notice = await board.report(trouble, sight, clock.now());
    if (notice === undefined) return;
    // There is no way to tell of it; that it should have been told is why its end is.
    if (trouble === 'telegram' && notice.kind === 'begun') return;
    if (await deps.tell(noticeText(notice, clock.now(), deps.timeZone)))
      await board.told(notice, clock.now());
  }

  function look(trouble: Trouble): Promise<void> {
    return lookAt(trouble).catch((error: unknown) => {
      // Redis or the database is away: that is a trouble of its own, and the next look comes.
      if (error instanceof Error) deps.onError(error);
    });
  }

  return {
    async look() {
      await Promise.all(TROUBLES.map(look));
    },
    async run(signal) {
      // Each by itself: to tell of one may take as long as Telegram is silent.
      const loops = TROUBLES.map(async (trouble) => {
        while (!signal.aborted) {
          await look(trouble);
          await pause(EVERY_MS, signal);
        }
      });
      await Promise.all(loops);
    },
  };
}
