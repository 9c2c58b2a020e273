import { DateTime } from 'luxon';
import type { Notice, Trouble } from './troubles.ts';

/** For operators, who read logs and manuals in English: what is wrong, what was, and what to do. */
const TEXTS: Readonly<Record<Trouble, { readonly is: string; readonly was: string; readonly todo: string }>> =
  {
    redis: {
      is: 'Redis does not work: alerts are refused, and none is sent.',
      was: 'Redis did not work: alerts were refused.',
      todo: '`pingui doctor` says what is wrong with it.',
    },
    database: {
      is: 'The database does not work: alerts are refused, and none is sent.',
      was: 'The database did not work: alerts were refused.',
      todo: '`pingui doctor` says what is wrong with it.',
    },
    telegram: {
      is: 'Telegram is unreachable: alerts wait.',
      was: 'Telegram was unreachable: alerts waited, and are sent now.',
      todo: 'Look at the network and the proxy: `pingui doctor`.',
    },
    halted: {
      is: 'Sending stands still: Telegram does not accept BOT_TOKEN. Alerts wait.',
      was: 'Sending stood still: Telegram did not accept BOT_TOKEN.',
      todo: 'Set the token that @BotFather gives, and start the service anew.',
    },
    queue_full: {
      is: 'The queue is full: new alerts are refused.',
      was: 'The queue was full: alerts were refused.',
      todo: 'See who sends so many: `pingui queue stats`, `pingui integrations list`.',
    },
    queue_stuck: {
      is: 'The queue makes no progress: alerts wait, and none is sent.',
      was: 'The queue made no progress.',
      todo: 'Does a process with the role worker run? `pingui doctor` looks at the rest.',
    },
    backup: {
      is: "Last night's backup has failed.",
      was: "Last night's backup had failed.",
      todo: 'It is tried again every 15 minutes. The log says why (job.failed).',
    },
    reset: {
      is: 'The quotas were not reset at midnight: senders may be refused.',
      was: 'The quotas had not been reset at midnight.',
      todo: 'It is tried again within seconds. The log says why (job.failed).',
    },
    disk: {
      is: 'The disk is nearly full.',
      was: 'The disk was nearly full.',
      todo: 'Make room: `pingui doctor` says where.',
    },
  };

/** @param now epoch ms; @param timeZone IANA name */
export function noticeText({ trouble, kind, since }: Notice, now: number, timeZone: string): string {
  const { is, was, todo } = TEXTS[trouble];
  const began = clockTime(since, timeZone);
  if (kind === 'begun') return `⚠️ ${is}\nSince ${began}. ${todo}`;
  return `✅ It is over: ${was}\nFrom ${began} to ${clockTime(now, timeZone)}.`;
}

const clockTime = (at: number, zone: string) =>
  DateTime.fromMillis(at, { zone }).setLocale('en').toFormat('yyyy-MM-dd HH:mm ZZZZ');
