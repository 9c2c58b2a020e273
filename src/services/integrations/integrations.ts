import type { TokenClaims, Tokens } from '../../crypto/tokens.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import type { Integration } from '../../domain/integration.ts';
import { SETUP_SCOPE } from '../../domain/scopes.ts';
import { alreadyUsed, chatMismatch, deadToken } from '../alerts/refusals.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { AlertQueue } from '../ports/queue.ts';
import { checkName, checkScope, tooMany } from './input.ts';

export interface IntegrationService {
  /** `/start`: the chat becomes known (a pending integration), or reachable again (`regained`, as of chatReturned). */
  registerChat(chatId: number): Promise<{ active: Integration[]; regained: number }>;
  /**
   * `/token [name]`: a single-use setup token for a new integration of the chat. Unnamed, it is `<noun> <number>`.
   * `locale`: the language (IETF) of whoever asks, for what the chat is told of the exchange.
   * @throws AppError too_many_integrations, invalid_request (the name)
   */
  issueSetupToken(
    chatId: number,
    name?: string,
    noun?: string,
    locale?: string,
  ): Promise<{ token: string; expiresAt: number; integration: Integration }>;
  /**
   * The integration that a verified token stands for.
   * @throws AppError unauthorized when the token was revoked, rotated away, or belongs to nothing
   */
  authenticate(claims: TokenClaims, tokenHash: string): Promise<Integration>;
  /**
   * Exchanges a verified setup token, once.
   * @throws AppError already_used, too_many_integrations, unauthorized, chat_mismatch, invalid_request (unknown scope, names the valid ones)
   */
  create(
    claims: TokenClaims,
    setupHash: string,
    input: {
      name?: string | undefined;
      scope?: string | undefined;
      chatId?: number | undefined;
      showName?: boolean | undefined;
    },
  ): Promise<{ integration: Integration; token: string }>;
  /** A new token; the old one is dead at once. @throws AppError unauthorized if the old one was replaced meanwhile */
  rotate(integration: Integration): Promise<{ integration: Integration; token: string }>;
  /** Whether its alerts show its name where the chat has other active integrations. */
  setShowName(integration: Pick<Integration, 'id'>, showName: boolean): Promise<void>;
  /** Dead at once; queued alerts end as failed (revoked). @throws AppError integration_not_active if revoked before */
  revoke(integration: Integration): Promise<Integration>;
  /** All integrations of a chat, active ones first, then oldest first; revoked ones left out. */
  listForChat(chatId: number): Promise<Integration[]>;
  /** The active integrations of a chat, oldest first. */
  listActive(chatId: number): Promise<Integration[]>;
  /** The person or group can be reached again (my_chat_member): how many active integrations that brings back. */
  chatReturned(chatId: number): Promise<number>;
  /** Telegram says that the chat can no longer be reached. */
  chatLost(chatId: number, reason: string): Promise<void>;
  /** A group became a supergroup. */
  migrateChat(from: number, to: number): Promise<void>;
}

export function createIntegrationService(deps: {
  integrations: IntegrationRepository;
  queue: Pick<AlertQueue, 'drop'>;
  tokens: Tokens;
  cipher: Pick<PayloadCipher, 'hashChat'>;
  events: EventBus;
  clock: Clock;
  /** Alerts per integration and day. */
  dailyLimit: number;
  /** Integrations of one chat, revoked ones not counted. */
  maxPerChat: number;
}): IntegrationService {
  const { integrations, tokens, events, clock } = deps;
  const chatOf = (integration: Integration) => deps.cipher.hashChat(integration.chatId);

  async function authenticate(claims: TokenClaims, tokenHash: string): Promise<Integration> {
    const integration = await integrations.findById(Number(claims.sub));
    if (integration === undefined || integration.tokenHash !== tokenHash) {
      throw deadToken(claims.scope === SETUP_SCOPE, integration);
    }
    return integration;
  }

  async function listActive(chatId: number): Promise<Integration[]> {
    return (await integrations.findByChat(chatId)).filter(isActive);
  }

  async function chatReturned(chatId: number): Promise<number> {
    const lost = (await listActive(chatId)).filter((one) => one.unreachableSince !== null);
    const changed = await integrations.setUnreachable(chatId, null, null);
    if (changed > 0) events.emit('chat.reachable', { chat: deps.cipher.hashChat(chatId) });
    return lost.length;
  }

  return {
    listActive,

    chatReturned,

    async registerChat(chatId) {
      const regained = await chatReturned(chatId);
      const known = await integrations.findByChat(chatId);
      if (known.length === 0) await integrations.insertPending(chatId, '', deps.dailyLimit, clock.now());
      return { active: known.filter(isActive), regained };
    },

    async issueSetupToken(chatId, name, noun = 'integration', locale) {
      const now = clock.now();
      const chosen = name === undefined ? await nextName(chatId, noun) : checkName(name);
      const target =
        (await integrations.findReusablePending(chatId, now)) ?? (await insertPending(chatId, chosen, now));
      const setup = tokens.issueSetup(target.id, locale);
      await integrations.storeSetupToken(target.id, chosen, setup.hash, setup.expiresAt, now);
      return {
        token: setup.token,
        expiresAt: setup.expiresAt,
        integration: { ...target, name: chosen, tokenHash: setup.hash, expiresAt: setup.expiresAt },
      };
    },

    authenticate,

    async create(claims, setupHash, input) {
      const scope = checkScope(input.scope);
      const name = input.name === undefined ? null : checkName(input.name);
      const target = await integrations.findById(Number(claims.sub));
      if (target === undefined) {
        throw new AppError(
          'unauthorized',
          'This setup token does not belong to any chat. Get a new one from the bot with /token.',
        );
      }
      if (input.chatId !== undefined && input.chatId !== target.chatId) {
        throw chatMismatch();
      }
      const issued = tokens.issue(target.id, scope);
      const integration = await integrations.activate(target.id, setupHash, {
        tokenHash: issued.hash,
        scope,
        name,
        ...(input.showName === undefined ? {} : { showName: input.showName }),
        expiresAt: issued.expiresAt,
        now: clock.now(),
        maxPerChat: deps.maxPerChat,
      });
      if (integration === 'too_many') throw tooMany(deps.maxPerChat);
      if (integration === undefined) throw alreadyUsed();
      events.emit('integration.created', { integrationId: integration.id, chat: chatOf(integration) });
      return { integration, token: issued.token };
    },

    async rotate(integration) {
      const issued = tokens.issue(integration.id, integration.scope);
      const rotated = await integrations.rotate(integration.id, integration.tokenHash ?? '', {
        tokenHash: issued.hash,
        expiresAt: issued.expiresAt,
        now: clock.now(),
      });
      if (rotated === undefined) {
        throw new AppError(
          'unauthorized',
          'This token has been rotated or revoked in the meantime. Use the newest one.',
        );
      }
      events.emit('integration.rotated', { integrationId: rotated.id, chat: chatOf(rotated) });
      return { integration: rotated, token: issued.token };
    },

    setShowName: ({ id }, showName) => integrations.setShowName(id, showName),

    async revoke(integration) {
      const revoked = await integrations.revoke(integration.id, clock.now());
      if (revoked === undefined) {
        throw new AppError('integration_not_active', 'This integration has already been revoked.');
      }
      const chat = chatOf(integration);
      for (const alertId of revoked.alertIds)
        events.emit('alert.failed', { alertId, integrationId: integration.id, chat, reason: 'revoked' });
      events.emit('integration.revoked', {
        integrationId: integration.id,
        chat,
        alerts: revoked.alertIds.length,
      });
      // The ledger has ended them: the worker would drop them anyway. This frees their places now.
      await deps.queue.drop(revoked.alertIds, false).catch(() => undefined);
      return revoked.integration;
    },

    async listForChat(chatId) {
      const listed = await integrations.findByChat(chatId);
      return listed.toSorted((a, b) => Number(isActive(b)) - Number(isActive(a)));
    },

    async chatLost(chatId, reason) {
      const changed = await integrations.setUnreachable(chatId, clock.now(), reason);
      if (changed > 0) events.emit('chat.unreachable', { chat: deps.cipher.hashChat(chatId), reason });
    },

    async migrateChat(from, to) {
      const changed = await integrations.migrateChat(from, to, clock.now());
      if (changed > 0) {
        events.emit('chat.migrated', { chat: deps.cipher.hashChat(from), to: deps.cipher.hashChat(to) });
      }
    },
  };

  async function insertPending(chatId: number, name: string, now: number): Promise<Integration> {
    if ((await integrations.findByChat(chatId)).length >= deps.maxPerChat) throw tooMany(deps.maxPerChat);
    return integrations.insertPending(chatId, name, deps.dailyLimit, now);
  }

  async function nextName(chatId: number, noun: string): Promise<string> {
    const taken = new Set((await listActive(chatId)).map((one) => one.name));
    let number = 1;
    while (taken.has(`${noun} ${number}`)) number += 1;
    return `${noun} ${number}`;
  }
}

function isActive(integration: Integration): boolean {
  return integration.status === 'active';
}
