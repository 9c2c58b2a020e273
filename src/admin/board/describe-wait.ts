import type { WaitReason } from '../../services/alerts/wait-reason.ts';

const WORDS: Readonly<Record<WaitReason['kind'], string>> = {
  scheduled: 'scheduled',
  flood_wait: 'flood wait',
  bot_flood_wait: 'bot-wide flood wait',
  chat_pace: 'held back by the pace of its chat',
  paused: 'the queue is paused',
  turn: 'waiting for its turn',
};

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'UTC' });

/** For an operator, as in "flood wait until 21:26:12 UTC". `now` is epoch ms. */
export function describeWait({ kind, until }: WaitReason, now: number): string {
  if (until === undefined) return WORDS[kind];
  return `${WORDS[kind]} ${kind === 'scheduled' ? 'for' : 'until'} ${describeTime(until, now)}`;
}

/** The time of day, with its date unless that is today's. UTC: the board's readers may be in several time zones. */
function describeTime(time: number, now: number): string {
  const isToday = DATE.format(time) === DATE.format(now);
  return `${isToday ? '' : `${DATE.format(time)}, `}${TIME.format(time)} UTC`;
}
