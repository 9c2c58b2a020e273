import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import type { ChatRepository } from '../ports/chats.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';

/** 24 random bytes are 32 characters of base64url: with its word an invitation fits a deep link (64). */
const INVITE_BYTES = 24;
const INVITE = /^invite_[\w-]{32}$/;

/** How the service stands to a chat. `unknown`: nobody has registered it. */
type Standing = 'registered' | 'blocked' | 'unknown';

/** A chat as operators see it: never its plain id. */
export interface ListedChat {
  readonly hash: string;
  readonly registeredAt: number;
  readonly blockedAt: number | null;
  /** Active ones. */
  readonly integrations: number;
}

export interface ChatService {
  standing(chatId: number): Promise<Standing>;
  /** Lets the chat in if the payload of its `/start` is an invitation that was not used yet. */
  redeem(payload: string, chatId: number): Promise<boolean>;
  list(): Promise<readonly ListedChat[]>;
  /**
   * The bot ignores it from now on, its alerts are refused, those that wait end as failed (`blocked`). Returns how many.
   * @throws AppError not_found: no chat has this hash
   */
  block(hash: string): Promise<number>;
  /** @throws AppError not_found */
  unblock(hash: string): Promise<void>;
  /** The payload of a `/start` that lets one chat in, once. Only its hash is stored. */
  invite(lifeMs: number): Promise<{ readonly payload: string; readonly expiresAt: number }>;
}

export function createChatService(deps: {
  chats: ChatRepository;
  cipher: Pick<PayloadCipher, 'hashChat'>;
  events: EventBus;
  clock: Clock;
}): ChatService {
  const { chats, cipher, events, clock } = deps;

  async function byHash(hash: string): Promise<number> {
    const found = (await chats.list()).find(({ chatId }) => cipher.hashChat(chatId) === hash);
    if (found === undefined)
      throw new AppError('not_found', 'No chat has this hash: `chats list` shows them all.');
    return found.chatId;
  }

  return {
    async standing(chatId) {
      const chat = await chats.find(chatId);
      if (chat === undefined) return 'unknown';
      return chat.blockedAt === null ? 'registered' : 'blocked';
    },

    redeem: async (payload, chatId) =>
      INVITE.test(payload) && chats.redeemInvite(hashInvite(payload), chatId, clock.now()),

    async list() {
      const listed = await chats.list();
      return listed.map(({ chatId, ...rest }) => ({ hash: cipher.hashChat(chatId), ...rest }));
    },

    async block(hash) {
      const ended = await chats.block(await byHash(hash), clock.now());
      for (const { id: alertId, integrationId } of ended)
        events.emit('alert.failed', { alertId, integrationId, chat: hash, reason: 'blocked' });
      events.emit('chat.blocked', { chat: hash, alerts: ended.length });
      return ended.length;
    },

    async unblock(hash) {
      await chats.unblock(await byHash(hash));
      events.emit('chat.unblocked', { chat: hash });
    },

    async invite(lifeMs) {
      const payload = `invite_${randomBytes(INVITE_BYTES).toString('base64url')}`;
      const now = clock.now();
      const expiresAt = now + lifeMs;
      await chats.addInvite(hashInvite(payload), expiresAt, now);
      return { payload, expiresAt };
    },
  };
}

/** Random enough to need no salt. */
function hashInvite(payload: string): string {
  return createHash('sha256').update(payload).digest('hex');
}
