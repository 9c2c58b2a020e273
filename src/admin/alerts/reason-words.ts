/** What the commonest reasons of the ledger mean; others speak for themselves (docs/reliability.md has them all). */
const WORDS: Readonly<Record<string, string>> = {
  bot_blocked: 'the person has blocked the bot',
  bot_kicked: 'the bot was removed from the chat',
  bot_not_member: 'the bot is not a member of the chat',
  bot_not_started: 'the person has never started the bot',
  chat_not_found: 'Telegram knows no such chat',
  chat_deleted: 'the chat was deleted',
  user_deactivated: "the person's account is gone",
  no_rights: 'the bot may not post in the chat',
  revoked: 'its integration was revoked',
  blocked: 'an operator has blocked its chat',
  unreachable: 'its chat cannot be reached',
  lost: 'Redis no longer had it',
  unreadable: 'its text could not be opened: was JWT_SECRET changed?',
  not_queued: 'the queue did not take it',
  timeout: 'Telegram did not answer in time',
  connection_reset: 'the connection broke before Telegram answered',
  worker_died: 'the worker ended while it was being sent',
  telegram_500: 'Telegram answered with an error of its own',
  telegram_502: 'Telegram answered with an error of its own',
  flood_wait: 'Telegram told its chat to wait',
  telegram_unreachable: 'Telegram could not be reached',
  telegram_halted: 'Telegram refused the bot token',
};

/** For people: the code, and what it means where that is known. */
export function describeReason(code: string): string {
  const words = WORDS[code];
  return words === undefined ? code : `${words} (${code})`;
}
