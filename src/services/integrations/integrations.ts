import type { TokenClaims, Tokens } from '../../crypto/tokens.ts';
import type { Overflow } from '../../domain/digest.ts';
import { AppError } from '../../domain/errors.ts';
import type { EventBus } from '../../domain/events.ts';
import { type Integration, standing } from '../../domain/integration.ts';
import { SETUP_SCOPE } from '../../domain/scopes.ts';
import { deadToken } from '../alerts/refusals.ts';
import { refuseBlocked } from '../chats/refuse-blocked.ts';
import { inTime } from '../in-time.ts';
import type { ChatRepository } from '../ports/chats.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { AlertQueue } from '../ports/queue.ts';
import { checkName, tooMany } from './input.ts';
import { createTokenExchange, type TokenExchange } from './token-exchange.ts';

export interface IntegrationService extends TokenExchange {
  /** `/start`: the chat becomes known (a pending integration), or reachable again (`regained`, as of chatReturned). */
  registerChat(chatId: number): Promise<{ active: Integration[]; regained: number }>;
  /**
   * `/token [name]`: a single-use setup token for a new integration of the chat. Unnamed, it is `<noun> <number>`. Where one
   * with this name waits for its exchange, it gets the new token, and the one before is dead.
   * `locale`: the language (IETF) of whoever asks, for what the chat is told of the exchange.
   * @throws AppError too_many_integrations, invalid_request (the name), integration_not_active (the chat is blocked)
   */
  issueSetupToken(
    chatId: number,
    name?: string,
    noun?: string,
    locale?: string,
  ): Promise<{ token: string; expiresAt: number; integration: Integration }>;
  /**
   * The integration that a verified token stands for.
   * @throws AppError unauthorized when the token was revoked, rotated away, or belongs to nothing; database_unavailable
   */
  authenticate(claims: TokenClaims, tokenHash: string): Promise<Integration>;
  /** Whether its alerts show its name where the chat has other active integrations. */
  setShowName(integration: Pick<Integration, 'id'>, showName: boolean): Promise<void>;
  /** What its sender may change. @throws AppError invalid_request (the name), integration_not_active, database_unavailable */
  update(integration: Pick<Integration, 'id'>, to: SettingsInput): Promise<Integration>;
  /** Dead at once; queued alerts end as failed (revoked). @throws AppError integration_not_active if revoked before */
  revoke(integration: Integration): Promise<Integration>;
  /**
   * What a chat has, oldest first: its active integrations, then those that wait for their exchange, then those whose setup
   * token has ended unused within the last day.
   */
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

/** Undefined: as it is. */
export interface SettingsInput {
  readonly name?: string | undefined;
  readonly overflow?: Overflow | undefined;
  /** Its alerts have a button to acknowledge them, unless they say otherwise. */
  readonly acknowledge?: boolean | undefined;
}

const AGAIN = 'Try again in a few seconds.';
const MAYBE_REVOKED = 'The integration may be revoked all the same: then its token reads as no longer valid.';

export function createIntegrationService(deps: {
  integrations: IntegrationRepository;
  chats: Pick<ChatRepository, 'find' | 'register' | 'move'>;
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
    const integration = await inTime(() => integrations.findById(Number(claims.sub)), AGAIN);
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
      await deps.chats.register(chatId, clock.now());
      const known = await integrations.findByChat(chatId);
      if (known.length === 0) await integrations.insertPending(chatId, '', deps.dailyLimit, clock.now());
      return { active: known.filter(isActive), regained };
    },

    async issueSetupToken(chatId, name, noun = 'integration', locale) {
      const now = clock.now();
      await refuseBlocked(deps.chats, chatId);
      await deps.chats.register(chatId, now);
      const chosen = name === undefined ? await nextName(chatId, noun) : checkName(name);
      for (;;) {
        const waiting = await integrations.findReusablePending(chatId, chosen, now);
        const target = waiting ?? (await insertPending(chatId, chosen, now));
        const { token, hash, expiresAt } = tokens.issueSetup(target.id, locale);
        const integration = { ...target, name: chosen, tokenHash: hash, expiresAt };
        // Else it was exchanged this very moment.
        if (await integrations.storeSetupToken(target.id, chosen, hash, expiresAt, now))
          return { token, expiresAt, integration };
      }
    },

    authenticate,

    ...createTokenExchange(deps),

    setShowName: ({ id }, showName) => integrations.setShowName(id, showName),

    async update({ id }, { name, overflow, acknowledge }) {
      const to = {
        ...(name === undefined ? {} : { name: checkName(name) }),
        ...(overflow === undefined ? {} : { overflow }),
        ...(acknowledge === undefined ? {} : { acknowledge }),
      };
      const updated = await inTime(() => integrations.update(id, to, clock.now()), AGAIN);
      if (updated === undefined)
        throw new AppError('integration_not_active', 'This integration is no longer active.');
      return updated;
    },

    async revoke(integration) {
      const revoked = await inTime(() => integrations.revoke(integration.id, clock.now()), MAYBE_REVOKED);
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
      const now = clock.now();
      const known = (await integrations.findByChat(chatId)).filter((one) => isListed(one, now));
      const rank = (one: Integration) => LISTED.indexOf(standing(one, now));
      return known.toSorted((a, b) => rank(a) - rank(b));
    },

    async chatLost(chatId, reason) {
      const changed = await integrations.setUnreachable(chatId, clock.now(), reason);
      if (changed > 0) events.emit('chat.unreachable', { chat: deps.cipher.hashChat(chatId), reason });
    },

    async migrateChat(from, to) {
      await deps.chats.move(from, to);
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
    const now = clock.now();
    const known = await integrations.findByChat(chatId);
    // One whose setup token has ended is renewed under its name.
    const taken = new Set(known.filter((one) => standing(one, now) !== 'expired').map((one) => one.name));
    let number = 1;
    while (taken.has(`${noun} ${number}`)) number += 1;
    return `${noun} ${number}`;
  }
}

function isActive(integration: Integration): boolean {
  return integration.status === 'active';
}

/** Standings that people see, in this order. */
const LISTED: readonly ReturnType<typeof standing>[] = ['active', 'pending', 'expired'];
/** An integration whose setup token ended unused is shown for so long, in ms: who asked for it learns why it is not there. */
const EXPIRED_SHOWN_MS = 86_400_000;

function isListed(integration: Integration, now: number): boolean {
  const known = standing(integration, now);
  if (known === 'expired') return now - (integration.expiresAt ?? 0) < EXPIRED_SHOWN_MS;
  return LISTED.includes(known);
}
