import { askBotName } from '../../app/chats.ts';
import { type Run, WrongUse } from '../command.ts';
import { isoTime, time } from '../table.ts';
import { withChats } from './chats.ts';

const DAY_MS = 86_400_000;
/** Days that an invitation is good for, unless told otherwise; and at most. */
const INVITE_DAYS = '7';
const MAX_INVITE_DAYS = 365;

/** A link that lets one chat in, once. */
export const invite: Run = ({ options, progress }, deps) => {
  const days = Number(options.days ?? INVITE_DAYS);
  if (!Number.isInteger(days) || days < 1 || days > MAX_INVITE_DAYS)
    throw new WrongUse(`--days is a whole number from 1 to ${MAX_INVITE_DAYS}`);
  const { config } = deps.setUp();
  return withChats(deps, async (chats) => {
    const { payload, expiresAt } = await chats.invite(days * DAY_MS);
    const bot = await askBotName(config);
    const until = time(expiresAt);
    progress(
      bot === undefined
        ? `Send this to the bot. It works once, until ${until}. (Telegram did not say what the bot is called, so there is no link.)`
        : `This link lets one chat in, once, until ${until}. In a group, send /start ${payload}`,
    );
    if (config.registration === 'open')
      progress('REGISTRATION is open: everybody can use the bot, with or without a link.');
    const link = bot === undefined ? null : `https://t.me/${bot}?start=${payload}`;
    return {
      lines: [link ?? `/start ${payload}`],
      json: { link, command: `/start ${payload}`, expiresAt: isoTime(expiresAt) },
    };
  });
};
