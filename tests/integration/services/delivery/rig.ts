import { randomUUID } from 'node:crypto';
import { createUseCases } from '../../../../src/app/core.ts';
import { loadConfig } from '../../../../src/config/config.ts';
import { createKeySource } from '../../../../src/crypto/key-source.ts';
import { createPayloadCipher } from '../../../../src/crypto/payload-cipher.ts';
import { createTokens, hashToken } from '../../../../src/crypto/tokens.ts';
import { createAlertLedger } from '../../../../src/db/alerts/alert-ledger.ts';
import { createDatabaseMaintenance } from '../../../../src/db/backup/database-maintenance.ts';
import { createChatRepository } from '../../../../src/db/chats/chat-repository.ts';
import { createIntegrationRepository } from '../../../../src/db/integrations/integration-repository.ts';
import { createJobRuns } from '../../../../src/db/jobs/job-runs.ts';
import { createKeyRepository } from '../../../../src/db/keys/key-repository.ts';
import { createStatisticsRepository } from '../../../../src/db/statistics/statistics-repository.ts';
import type { AlertContent, AlertRecord } from '../../../../src/domain/alert.ts';
import { createEventBus, type DomainEventName } from '../../../../src/domain/events.ts';
import type { Integration } from '../../../../src/domain/integration.ts';
import { type Call, createBotApiDouble } from '../../../../src/sandbox/bot-api-double.ts';
import {
  createDeliveryService,
  type Delivery,
  type DeliveryService,
} from '../../../../src/services/delivery/delivery.ts';
import { createTelegramGuard, type TelegramGuard } from '../../../../src/services/delivery/telegram-guard.ts';
import type { AlertLedger, NewAlert } from '../../../../src/services/ports/alerts.ts';
import type { IncidentRepository, ShownTexts } from '../../../../src/services/ports/incidents.ts';
import type { AlertJob, AlertQueue, EndedSignal, Pace } from '../../../../src/services/ports/queue.ts';
import type { Renderer } from '../../../../src/services/ports/telegram.ts';
import { createTelegramClient } from '../../../../src/telegram/connection.ts';
import { createRenderer } from '../../../../src/telegram/render/renderer.ts';
import { renderRest } from '../../../../src/telegram/render/rest.ts';
import { createTelegramSender } from '../../../../src/telegram/sender.ts';
import { openTestSqlite } from '../../../support/sqlite.ts';

const SECRET = 'a secret of the delivery tests, 32 bytes or more';
const TIMEOUT_MS = 300;
/** For a busy machine. */
const RENDER_LIMIT_MS = 20_000;
/** Quick, so that a test that opens the circuit goes on soon. */
const GUARD = { failures: 3, firstProbeMs: 20, maxProbeMs: 40, haltedProbeMs: 20 };

/** Jobs are handed to the delivery directly. */
const NO_QUEUE: AlertQueue = {
  add: async () => undefined,
  addAgain: async () => undefined,
  drop: async () => undefined,
  forget: () => undefined,
  isOurs: async () => true,
  existing: async () => new Set(),
  outcomes: async () => new Map(),
  active: async () => new Set(),
  begun: async () => new Map(),
  async *placeHolders() {},
  hasText: async () => true,
  purgeEnded: async () => undefined,
  counts: () => Promise.reject(new Error('there is no queue')),
};
const NOBODY_WAITS: EndedSignal = { publish: () => undefined, wait: async () => undefined };

/** No alert names one. */
const NO_INCIDENTS = {
  incidents: {} as IncidentRepository,
  texts: {} as ShownTexts,
  updates: { add: async () => undefined },
};

export type DeliveryRig = Awaited<ReturnType<typeof createDeliveryRig>>;

/** The delivery service on a real SQLite ledger and the Bot API double over HTTP; jobs are handed to it directly. */
export async function createDeliveryRig(
  change: {
    ledger?: Partial<AlertLedger>;
    pace?: Partial<Pace>;
    queue?: Partial<AlertQueue>;
    render?: Renderer;
  } = {},
) {
  const { db, stop: stopDatabase } = await openTestSqlite();
  const double = createBotApiDouble();
  const { apiRoot } = await double.start();
  const clock = { now: () => Date.now() };
  const events = createEventBus();
  const emitted: DomainEventName[] = [];
  for (const name of ['telegram.unreachable', 'telegram.recovered', 'telegram.halted'] as const)
    events.on(name, () => emitted.push(name));
  const cipher = createPayloadCipher(SECRET);
  const ledger = createAlertLedger(db, { idempotencyWindowMs: 1_000 });
  const repository = createIntegrationRepository(db);
  const tokens = createTokens({ secret: SECRET, clock, setupTtlSeconds: 300, ttlDays: 1 });
  const config = loadConfig({ MAX_ALERTS: '1000' }, () => '');
  const ports = { cipher, tokens, ledger, repository, queue: NO_QUEUE, ended: NOBODY_WAITS };
  const { integrations } = createUseCases(
    {
      ...ports,
      ...NO_INCIDENTS,
      chatRepository: createChatRepository(db),
      keyRepository: createKeyRepository(db),
      keySource: createKeySource(),
      database: createDatabaseMaintenance(db),
      jobRuns: createJobRuns(db),
      statisticsRepository: createStatisticsRepository(db),
    },
    { config, clock, events },
  );
  const sender = createTelegramSender({
    telegram: createTelegramClient({ token: '1:a', apiRoot, timeoutMs: TIMEOUT_MS }),
    timeoutMs: TIMEOUT_MS,
  });
  /** What Redis holds, by alert. */
  const texts = new Map<string, string>();
  const blocks: { chat: string; ms: number }[] = [];
  const pace: Pace = {
    take: async ({ alertId }) => ({
      kind: 'go',
      waitMs: 0,
      sealed: texts.get(alertId) ?? null,
      isFlooded: false,
    }),
    sent: async () => undefined,
    async block(chat, ms) {
      blocks.push({ chat, ms });
      return 'chat';
    },
    answered: async () => 'chat',
    ...change.pace,
  };
  const renderer = createRenderer(RENDER_LIMIT_MS);
  const guards: TelegramGuard[] = [];
  const createDelivery = (render: Renderer) => {
    const guard = createTelegramGuard({ sender, events, timing: GUARD });
    guards.push(guard);
    return createDeliveryService({
      ledger: { ...ledger, ...change.ledger },
      integrations: repository,
      queue: { ...NO_QUEUE, ...change.queue },
      integrationService: integrations,
      cipher,
      guard,
      render,
      renderRest,
      pace,
      leads: { read: async () => undefined, settle: async () => undefined },
      ended: { publish: () => undefined },
      events,
      clock,
    });
  };
  const render = change.render ?? renderer.render;
  const delivery = createDelivery(render);
  /** What `deliver` is at, and what ends it. */
  const running = new Set<Promise<unknown>>();
  const closing = new AbortController();
  let chatId = 100;

  async function untilEnded(job: AlertJob, stopping: AbortSignal): Promise<Delivery> {
    let { form } = job;
    for (;;) {
      const delivered = await delivery.deliver(form === undefined ? job : { ...job, form }, stopping);
      if (delivered.kind === 'ended' || stopping.aborted) return delivered;
      form = delivered.form ?? form;
    }
  }

  return {
    ...{
      double,
      ledger,
      repository,
      integrations,
      cipher,
      events,
      emitted,
      blocks,
      texts,
      clock,
      delivery,
    },

    /** The delivery of another worker. */
    another: (ownRender = render): DeliveryService => createDelivery(ownRender),

    /** A private chat with an active integration. */
    async addChat(): Promise<Integration> {
      chatId += 1;
      double.addChat({ id: chatId, type: 'private', first_name: 'Ann' });
      const setup = await integrations.issueSetupToken(chatId, 'tests');
      return (await integrations.create(tokens.verify(setup.token), hashToken(setup.token), {})).integration;
    },

    /** Accepts an alert as the API does, without a queue. The text defaults to something unique. */
    async accept(
      integration: Integration,
      content: Partial<AlertContent> = {},
      options: Partial<NewAlert> = {},
    ): Promise<AlertJob> {
      const id = randomUUID();
      const alert: NewAlert = {
        id,
        integrationId: integration.id,
        tokenHash: integration.tokenHash,
        namedChatId: null,
        format: 'plain',
        priority: 'normal',
        silent: false,
        threadId: null,
        deliverAt: null,
        expiresAt: null,
        sealedTags: null,
        hasButton: false,
        createdAt: clock.now(),
        idempotency: null,
        ...options,
      };
      const { kind } = await ledger.accept(alert);
      if (kind !== 'accepted') throw new Error(`the ledger says ${kind}`);
      texts.set(id, cipher.seal({ message: `text of ${id}`, format: 'plain', ...content }, id));
      return {
        alertId: id,
        integrationId: integration.id,
        chat: cipher.hashChat(integration.chatId),
        isGroup: false,
        priority: alert.priority,
        deliverAt: null,
        bytes: null,
      };
    },

    /** Delivers as the worker does, deferrals cut short, until the alert has ended or the worker stops; `close` waits for it. */
    deliver(job: AlertJob, stopping: AbortSignal = closing.signal): Promise<Delivery> {
      const ended = untilEnded(job, stopping);
      running.add(ended);
      const forget = () => running.delete(ended);
      ended.then(forget, forget);
      return ended;
    },

    async entry(job: AlertJob): Promise<AlertRecord> {
      const record = await ledger.find(job.alertId);
      if (record === undefined) throw new Error('no such entry');
      return record;
    },

    async integration(of: Integration): Promise<Integration> {
      const found = await repository.findById(of.id);
      if (found === undefined) throw new Error('no such integration');
      return found;
    },

    sends: (): Call[] => double.calls.filter((call) => call.method.startsWith('send')),

    async close(): Promise<void> {
      // A test that failed may have left some: they would ask a database that is gone.
      closing.abort();
      for (const guard of guards) guard.stop();
      await Promise.allSettled(running);
      await renderer.close();
      await double.stop();
      await stopDatabase();
    },
  };
}
