import { LRUCache } from 'lru-cache';
import type { Telegram } from 'telegraf';
import { BY_ANONYMOUS, personName } from '../../domain/acknowledgement.ts';
import type { BotContext } from '../context.ts';
import { memberOf } from './administrators.ts';

/** What is known of a person in a chat is asked anew after this time, in ms: presses come in bursts. */
const KNOWN_MS = 60_000;
const MAX_KNOWN = 10_000;
/** Telegram's own account for those who write as the group. */
const GROUP_ANONYMOUS_BOT = 1_087_968_824;

type Member = Awaited<ReturnType<typeof memberOf>>;

/** Who has pressed, as the alert may show it; or why it does not count. */
export type Presser = { readonly name: string } | 'not_a_member' | 'not_an_administrator';

/**
 * Who may acknowledge: in a private chat the person, in groups any member, in channels administrators. An administrator who
 * is anonymous in the chat stays so.
 */
export function createPressers(): (ctx: BotContext) => Promise<Presser> {
  const known = new LRUCache<string, { readonly member: Member }>({ max: MAX_KNOWN, ttl: KNOWN_MS });

  async function find(telegram: Telegram, chatId: number, userId: number): Promise<Member> {
    const key = `${chatId} ${userId}`;
    const before = known.get(key);
    if (before !== undefined) return before.member;
    const member = await memberOf(telegram, chatId, userId);
    known.set(key, { member });
    return member;
  }

  return async ({ chat, from, telegram }) => {
    if (chat === undefined || from === undefined) return 'not_a_member';
    const { first_name, last_name, username } = from;
    const person = { name: personName([first_name, last_name], username) };
    if (chat.type === 'private') return person;
    if (from.id === GROUP_ANONYMOUS_BOT) return { name: BY_ANONYMOUS };
    const member = await find(telegram, chat.id, from.id);
    const isAdministrator = member?.status === 'creator' || member?.status === 'administrator';
    if (chat.type === 'channel' && !isAdministrator) return 'not_an_administrator';
    if (isAdministrator && member.is_anonymous) return { name: BY_ANONYMOUS };
    return isOutside(member) ? 'not_a_member' : person;
  };
}

/** Of a public group also those read, and can press, who are not in it. One that Telegram does not tell us of is in it. */
function isOutside(member: Member): boolean {
  if (member === undefined) return false;
  return (
    member.status === 'left' ||
    member.status === 'kicked' ||
    (member.status === 'restricted' && !member.is_member)
  );
}
