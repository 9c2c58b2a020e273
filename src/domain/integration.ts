import type { Overflow } from './digest.ts';

type IntegrationStatus = 'active' | 'revoked' | 'pending';

/** A sender's right to reach one chat: its own token, scope and daily quota. Times are epoch milliseconds. */
export interface Integration {
  readonly id: number;
  /** Telegram's chat id, up to 52 bits; negative for groups and channels. Never logged: use the keyed hash. */
  readonly chatId: number;
  readonly name: string;
  /** Hex SHA-256 of the token that is valid now: the setup token's while pending, else the integration's. */
  readonly tokenHash: string | null;
  readonly scope: string;
  /** Alerts left today. */
  readonly rateLimit: number;
  readonly dailyLimit: number;
  readonly status: IntegrationStatus;
  /** When the token (the setup token while pending) ends. */
  readonly expiresAt: number | null;
  /** Since when Telegram refuses this chat (blocked, kicked, gone); null while it is reachable. */
  readonly unreachableSince: number | null;
  readonly unreachableReason: string | null;
  /** Alerts show its name where the chat has other active integrations. */
  readonly showName: boolean;
  /** What becomes of alerts beyond what it may send now. */
  readonly overflow: Overflow;
  /** Its alerts have a button to acknowledge them, unless they say otherwise. */
  readonly acknowledge: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Why alerts cannot be sent for an integration now, and what a person has to do; undefined if they can. */
export function whyCannotSend(
  integration: Pick<Integration, 'status' | 'unreachableSince' | 'chatId'> & { readonly isBlocked?: true },
): string | undefined {
  if (integration.isBlocked) return CHAT_BLOCKED;
  switch (integration.status) {
    case 'pending':
      return 'This integration is not set up yet. Exchange its setup token first.';
    case 'revoked':
      return 'This integration was revoked. Get a new token from the bot with /token.';
    case 'active':
      if (integration.unreachableSince === null) return undefined;
      return isGroupChat(integration.chatId)
        ? 'Telegram rejects messages to this group: the bot was removed or may not write. Add it back and send /start there.'
        : 'Telegram rejects messages to this chat. The person has to unblock the bot and send it /start.';
  }
}

/** Where an integration stands, for people. `expired`: its setup token has ended unused; `empty`: it never had one (/start). */
export function standing(
  { status, tokenHash, expiresAt }: Pick<Integration, 'status' | 'tokenHash' | 'expiresAt'>,
  now: number,
): IntegrationStatus | 'expired' | 'empty' {
  if (status !== 'pending') return status;
  if (tokenHash === null) return 'empty';
  return (expiresAt ?? 0) > now ? 'pending' : 'expired';
}
/** To a sender, and to whoever sets an integration up. */
export const CHAT_BLOCKED = 'The operator of this service has blocked this chat.';

/** Telegram's group and channel ids are negative. */
export function isGroupChat(chatId: number): boolean {
  return chatId < 0;
}

/**
 * What alerts show of whom they are from. With its number where the name alone does not tell it from another one.
 * @param beside other active integrations of the chat: 2 where one has the same name
 */
export function shownName(
  id: number,
  { name, beside }: { readonly name: string; readonly beside: 1 | 2 | null },
): string {
  if (name === '') return `#${id}`;
  return beside === 2 ? `${name} #${id}` : name;
}

/** Longest name of an integration, in characters. */
export const MAX_NAME_LENGTH = 64;
