import type { TokenClaims, Tokens } from '../../crypto/tokens.ts';
import type { Overflow } from '../../domain/digest.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Integration } from '../../domain/integration.ts';
import { renewedScope } from '../../domain/scopes.ts';
import { alreadyUsed, chatMismatch } from '../alerts/refusals.ts';
import { refuseBlocked } from '../chats/refuse-blocked.ts';
import { inTime } from '../in-time.ts';
import type { ChatRepository } from '../ports/chats.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import { checkName, checkScope, tooMany } from './input.ts';

const STILL_GOOD = 'The token that you sent stays good; try again in a few seconds.';

export interface TokenExchange {
  /**
   * Exchanges a verified setup token, once.
   * @throws AppError already_used, too_many_integrations, unauthorized, chat_mismatch, invalid_request (unknown scope, names the
   *   valid ones), database_unavailable
   */
  create(
    claims: TokenClaims,
    setupHash: string,
    input: {
      name?: string | undefined;
      scope?: string | undefined;
      chatId?: number | undefined;
      showName?: boolean | undefined;
      overflow?: Overflow | undefined;
      acknowledge?: boolean | undefined;
    },
  ): Promise<{ integration: Integration; token: string }>;
  /**
   * A new token; the old one is dead at once. Where its scope was the default of its day, the new one has today's.
   * @param revokeKeys deletes the integration's keys, which otherwise live on
   * @throws AppError unauthorized (replaced meanwhile), database_unavailable
   */
  rotate(
    integration: Integration,
    revokeKeys?: boolean,
  ): Promise<{ integration: Integration; token: string }>;
}

/** A token for a token. Who read a refusal holds no new one, so the one that he has stays good. */
export function createTokenExchange(deps: {
  integrations: IntegrationRepository;
  chats: Pick<ChatRepository, 'find'>;
  tokens: Tokens;
  cipher: Pick<PayloadCipher, 'hashChat'>;
  events: EventBus;
  clock: Clock;
  maxPerChat: number;
}): TokenExchange {
  const { integrations, tokens, cipher, events, clock } = deps;
  return {
    async create(claims, setupHash, input) {
      const scope = checkScope(input.scope);
      const name = input.name === undefined ? null : checkName(input.name);
      const target = await inTime(() => integrations.findById(Number(claims.sub)), STILL_GOOD);
      if (target === undefined) {
        throw new AppError(
          'unauthorized',
          'This setup token does not belong to any chat. Get a new one from the bot with /token.',
        );
      }
      if (input.chatId !== undefined && input.chatId !== target.chatId) {
        throw chatMismatch();
      }
      await inTime(() => refuseBlocked(deps.chats, target.chatId), STILL_GOOD);
      const issued = tokens.issue(target.id, scope);
      const { showName, overflow, acknowledge } = input;
      const next = {
        ...{ tokenHash: issued.hash, scope, name, expiresAt: issued.expiresAt },
        ...(showName === undefined ? {} : { showName }),
        ...(overflow === undefined ? {} : { overflow }),
        ...(acknowledge === undefined ? {} : { acknowledge }),
      };
      const integration = await inTime(
        () =>
          integrations.activate(target.id, setupHash, {
            ...next,
            now: clock.now(),
            maxPerChat: deps.maxPerChat,
          }),
        STILL_GOOD,
        () => integrations.undoActivation(target, issued.hash),
      );
      if (integration === 'too_many') throw tooMany(deps.maxPerChat);
      if (integration === undefined) {
        throw alreadyUsed(target);
      }
      events.emit('integration.created', {
        integrationId: integration.id,
        chat: cipher.hashChat(integration.chatId),
      });
      return { integration, token: issued.token };
    },

    async rotate(integration, revokeKeys = false) {
      const { scope: oldScope } = integration;
      const scope = renewedScope(oldScope);
      const issued = tokens.issue(integration.id, scope);
      const oldHash = integration.tokenHash ?? '';
      const expiresAt = integration.expiresAt ?? issued.expiresAt;
      const rotate = (
        from: string,
        next: { tokenHash: string; scope: string; expiresAt: number },
        keys: boolean,
      ) => integrations.rotate(integration.id, from, { ...next, now: clock.now(), revokeKeys: keys });
      const rotated = await inTime(
        () => rotate(oldHash, { tokenHash: issued.hash, scope, expiresAt: issued.expiresAt }, revokeKeys),
        STILL_GOOD,
        () => rotate(issued.hash, { tokenHash: oldHash, scope: oldScope, expiresAt }, false),
      );
      if (rotated === undefined) {
        throw new AppError(
          'unauthorized',
          'This token has been rotated or revoked in the meantime. Use the newest one.',
        );
      }
      events.emit('integration.rotated', {
        integrationId: rotated.id,
        chat: cipher.hashChat(rotated.chatId),
      });
      return { integration: rotated, token: issued.token };
    },
  };
}
