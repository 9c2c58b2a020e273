import jwt from 'jsonwebtoken';
import { createUseCases, type Ports } from '../../src/app/core.ts';
import { type AlertBot, createBot } from '../../src/bot/bot.ts';
import type { Holding, Lease } from '../../src/bot/updates/lease.ts';
import { createPoller, type PollerDeps } from '../../src/bot/updates/poller.ts';
import { loadConfig } from '../../src/config/config.ts';
import { createKeySource } from '../../src/crypto/key-source.ts';
import { createTokens, hashToken, type TokenClaims } from '../../src/crypto/tokens.ts';
import { createChatRepository } from '../../src/db/chats/chat-repository.ts';
import { createIntegrationRepository } from '../../src/db/integrations/integration-repository.ts';
import { createKeyRepository } from '../../src/db/keys/key-repository.ts';
import { createEventBus } from '../../src/domain/events.ts';
import type { Integration } from '../../src/domain/integration.ts';
import { FREE_ADAPTERS } from '../../src/ingest/adapters.ts';
import { createLogger } from '../../src/ops/logger.ts';
import {
  type BotApiDouble,
  createBotApiDouble,
  type StoredMessage,
  type User,
} from '../../src/sandbox/bot-api-double.ts';
import type { AlertRequest } from '../../src/services/alerts/alert-request.ts';
import type { AlertService } from '../../src/services/alerts/alerts.ts';
import type { ChatService } from '../../src/services/chats/chats.ts';
import type { Acknowledgements } from '../../src/services/incidents/acknowledgements.ts';
import type { IntegrationService } from '../../src/services/integrations/integrations.ts';
import type { KeyService } from '../../src/services/keys/keys.ts';
import type { PayloadCipher } from '../../src/services/ports/crypto.ts';
import type { AnswerPace } from '../../src/services/ports/queue.ts';
import { openTestSqlite } from './sqlite.ts';

export const BOT_TOKEN = '424242:a-token-of-the-double';
export const ANN: User = {
  id: 7_001,
  is_bot: false,
  first_name: 'Ann',
  username: 'ann',
  language_code: 'en',
};
export const JOSE: User = { id: 7_002, is_bot: false, first_name: 'José', language_code: 'es-419' };
export const GROUP = -500_100;

/** A line of the service's own log, as it was written. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

export interface BotRig {
  readonly double: BotApiDouble;
  readonly bot: AlertBot;
  readonly service: IntegrationService;
  readonly chats: ChatService;
  readonly keys: KeyService;
  readonly accepted: {
    integration: Integration;
    request: AlertRequest;
    idempotencyKey: Parameters<AlertService['accept']>[2]['idempotencyKey'];
  }[];
  readonly log: LogEntry[];
  hashChat(chatId: number): string;
  /** Replaces what AlertService.accept does. */
  onAccept(accept: AlertService['accept']): void;
  /** Replaces what a press of an alert's button comes to. */
  onPress(press: Acknowledgements['press']): void;
  /** A poller with short pauses, a lease that is always free, and whatever is given. */
  poller(overrides?: Partial<PollerDeps>): ReturnType<typeof createPoller>;
  /** Another instance of the bot, as after a restart of the process. */
  anotherBot(): AlertBot;
  /** Resolves with the bot's newest message in the chat once there are `count` of them. */
  botSays(chatId: number, count?: number): Promise<StoredMessage>;
  /** What a program does with a setup token. */
  exchange(setupToken: string): Promise<{ integration: Integration; token: string }>;
  /** As the database has it now. */
  integration(id: number): Promise<Integration | undefined>;
  /** All of them, by id. */
  integrations(): Promise<Pick<Integration, 'id' | 'chatId' | 'status'>[]>;
  /** Changes one behind the service's back. */
  patch(id: number, fields: Partial<Integration>): Promise<void>;
  /** A private chat with an active integration. */
  activeChat(user: User, name?: string): Promise<Integration>;
  close(): Promise<void>;
}

export const freeLease: Lease = {
  async tryAcquire(): Promise<Holding> {
    return { lost: new AbortController().signal, release: async () => undefined };
  },
};

export const FAST_BACKOFF = { baseMs: 30, maxMs: 120, unauthorizedMs: 100 };

/** The bot against a Bot API double over HTTP, with the real integration service. Private chats of ANN and JOSE exist. */
export async function createBotRig(
  options: { timeoutMs?: number; now?: () => number; answerPace?: AnswerPace; isInviteOnly?: boolean } = {},
): Promise<BotRig> {
  const double = createBotApiDouble({ token: BOT_TOKEN, dropOldMessages: 2_000 });
  const { apiRoot } = await double.start();
  for (const user of [ANN, JOSE])
    double.addChat({ id: user.id, type: 'private', first_name: user.first_name });
  for (const user of [ANN, JOSE]) double.addMember(user.id, user);

  const clock = { now: options.now ?? Date.now };
  const { db, stop: stopDatabase } = await openTestSqlite();
  const repository = createIntegrationRepository(db);
  const patch = async (id: number, fields: Partial<Integration>): Promise<void> => {
    await db.knex('Integrations').where({ id }).update(fields);
  };
  const tokens = createTokens({ secret: 'a'.repeat(40), clock, setupTtlSeconds: 300, ttlDays: 365 });
  const hashChat = (chatId: number) => `hash-of-${[...String(chatId)].reverse().join('')}`;
  const {
    integrations: service,
    chats,
    keys,
  } = createUseCases(
    {
      ...{
        repository,
        chatRepository: createChatRepository(db),
        tokens,
        cipher: { hashChat } as PayloadCipher,
      },
      // The bot asks for integrations alone; alerts are the test's (onAccept).
      ...({ queue: { drop: async () => undefined } } as unknown as Pick<Ports, 'queue'>),
      keyRepository: createKeyRepository(db),
      keySource: createKeySource(),
      ...({} as Pick<
        Ports,
        | 'ledger'
        | 'ended'
        | 'database'
        | 'jobRuns'
        | 'statisticsRepository'
        | 'incidents'
        | 'texts'
        | 'updates'
      >),
    },
    { config: loadConfig({}, () => ''), clock, events: createEventBus() },
  );
  const accepted: BotRig['accepted'] = [];
  let accept: AlertService['accept'] = async (sender, request, context) => {
    const integration = await repository.findById(sender.id);
    if (integration === undefined) throw new Error('no such integration');
    accepted.push({ integration, request, idempotencyKey: context.idempotencyKey });
    const remaining = integration.rateLimit - 1;
    await patch(integration.id, { rateLimit: remaining });
    return { id: 'an-alert', remaining, dailyLimit: integration.dailyLimit, replayed: false, folded: null };
  };
  let press: Acknowledgements['press'] = async () => ({ kind: 'unknown' });
  const log: LogEntry[] = [];
  const logger = createLogger({
    level: 'info',
    destination: {
      write(line) {
        const { level, message, ...fields } = JSON.parse(line);
        log.push({ level, message, fields });
      },
    },
  }).child('bot');
  const newBot = () =>
    createBot({
      token: BOT_TOKEN,
      apiRoot,
      timeoutMs: options.timeoutMs ?? 5_000,
      integrations: service,
      keys,
      adapters: FREE_ADAPTERS,
      chats,
      isInviteOnly: options.isInviteOnly ?? false,
      alerts: { accept: (...args) => accept(...args) },
      acknowledgements: { press: (...args) => press(...args) },
      logger,
      answerPace: options.answerPace ?? (async () => 0),
      hashChat,
      clock,
      publicUrl: () => 'https://alerts.example.org',
      dailyLimit: 10,
      timeZone: 'Europe/Madrid',
    });
  const bot = newBot();
  const pollers: ReturnType<typeof createPoller>[] = [];

  const rig: BotRig = {
    double,
    bot,
    service,
    chats,
    keys,
    accepted,
    log,
    hashChat,
    onAccept: (next) => {
      accept = next;
    },
    onPress: (next) => {
      press = next;
    },
    poller(overrides = {}) {
      const poller = createPoller({
        bot,
        lease: freeLease,
        logger,
        clock: { now: Date.now },
        standbyMs: 50,
        backoff: FAST_BACKOFF,
        ...overrides,
      });
      pollers.push(poller);
      return poller;
    },
    anotherBot: newBot,
    botSays: (chatId, count = 1) =>
      eventually(() => {
        const said = double.messages(chatId).filter((message) => message.from?.id === double.bot.id);
        return said.length >= count ? said[said.length - 1] : undefined;
      }),
    exchange(setupToken) {
      // The API has verified it by then; here only the claims matter.
      const claims = jwt.decode(setupToken) as unknown as TokenClaims;
      return service.create(claims, hashToken(setupToken), {});
    },
    integration: (id) => repository.findById(id),
    integrations: () => db.knex('Integrations').select('id', 'chatId', 'status').orderBy('id'),
    patch,
    async activeChat(user, name = 'backup') {
      const setup = await service.issueSetupToken(user.id, name);
      return (await rig.exchange(setup.token)).integration;
    },
    async close() {
      await Promise.all(pollers.map((poller) => poller.stop()));
      await double.stop();
      await stopDatabase();
    },
  };
  return rig;
}

/** Asks every 5 ms until the answer is neither undefined nor false. @throws Error after 8 s */
export async function eventually<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + 8_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as T;
    if (performance.now() > deadline) throw new Error(`did not happen within 8 s: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The setup token in a text of the bot's. */
export function tokenIn(text: string | undefined): string {
  const token = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(text ?? '')?.[0];
  if (token === undefined) throw new Error(`no token in: ${text}`);
  return token;
}

/** The language that a setup token carries. */
export function localeIn(setupToken: string): string | undefined {
  return (jwt.decode(setupToken) as unknown as TokenClaims).locale;
}
