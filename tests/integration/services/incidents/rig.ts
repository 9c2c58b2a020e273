import type { Context } from '../../../../src/app/context.ts';
import { createCore } from '../../../../src/app/core.ts';
import { startWorker } from '../../../../src/app/worker.ts';
import { loadConfig } from '../../../../src/config/config.ts';
import { hashToken } from '../../../../src/crypto/tokens.ts';
import { createEventBus, type DomainEventName, type DomainEvents } from '../../../../src/domain/events.ts';
import type { Integration } from '../../../../src/domain/integration.ts';
import { withDispatchCommands } from '../../../../src/queue/commands.ts';
import { dispatchKeys } from '../../../../src/queue/keys.ts';
import { connectRedis } from '../../../../src/redis/connect.ts';
import { createBotApiDouble, type StoredMessage } from '../../../../src/sandbox/bot-api-double.ts';
import type { AlertRequest } from '../../../../src/services/alerts/alert-request.ts';
import type { SeenAlert } from '../../../../src/services/alerts/alerts.ts';
import { OURS } from '../../../support/dispatch.ts';
import type { TestRedis } from '../../../support/redis.ts';
import { openTestSqlite } from '../../../support/sqlite.ts';
import { request } from '../rig.ts';

const TOKEN = '1:incidents';
export const SECRET = 'a secret of the incident tests, 32 bytes or more';
let serial = 0;

export type IncidentRig = Awaited<ReturnType<typeof createIncidentRig>>;

/** Use cases, workers and the Bot API double, as the composition root wires them; no HTTP. Sends as fast as it can. */
export async function createIncidentRig(server: TestRedis, env: Readonly<Record<string, string>> = {}) {
  serial += 1;
  const prefix = `{incidents-${process.pid}-${serial}}`;
  const { db, stop: stopDatabase } = await openTestSqlite();
  const double = createBotApiDouble({ token: TOKEN });
  const { apiRoot } = await double.start();
  const config = loadConfig(
    {
      ...{ QUEUE_PREFIX: prefix, MAX_ALERTS: '1000', SEND_DELAY_MS: '0', CHAT_DELAY_MS: '0' },
      ...{ GROUP_LIMIT_PER_MINUTE: '0', TELEGRAM_TIMEOUT_MS: '1000', TELEGRAM_API_ROOT: apiRoot },
      ...env,
    },
    () => '',
  );
  let offset = 0;
  const clock = { now: () => Date.now() + offset };
  const events = createEventBus();
  const seen: { name: DomainEventName; event: object }[] = [];
  for (const name of ['alert.folded', 'alert.delivered', 'alert.uncertain', 'alert.failed'] as const)
    events.on(name, (event) => seen.push({ name, event }));
  const open = (purpose: 'fast' | 'patient') =>
    withDispatchCommands(connectRedis(server.connection, purpose, () => undefined));
  const redis = {
    ...{ fast: open('fast'), patient: open('patient'), subscriber: open('patient') },
    close: async () => undefined,
  };
  await Promise.all([redis.fast.ping().catch(() => undefined), redis.patient.ping()]);
  const faults: Error[] = [];
  const onError = (error: Error) => void faults.push(error);
  const core = createCore({ config, secret: SECRET, db, redis, ownership: OURS, clock, events, onError });
  // The worker needs no more of it.
  const context = { config, events, clock, onError } as unknown as Context;
  const access = { token: TOKEN, apiRoot };
  const workers: { stop(): Promise<void> }[] = [];
  let chatId = 5_000;

  async function setUp(chat: number, name: string): Promise<Integration> {
    const { token } = await core.integrations.issueSetupToken(chat, name);
    return (await core.integrations.create(core.tokens.verify(token), hashToken(token), {})).integration;
  }

  return {
    ...{ core, double, config, clock, redis, faults, db, keys: dispatchKeys(prefix) },
    advance: (ms: number) => {
      offset += ms;
    },
    async work() {
      const worker = await startWorker({ context, core, redis, access });
      workers.push(worker);
      return worker;
    },
    /** The one that was started last. */
    get worker() {
      const worker = workers.at(-1);
      if (worker === undefined) throw new Error('nobody works');
      return worker;
    },
    async integrate(type: 'private' | 'supergroup' = 'private'): Promise<Integration> {
      chatId += 1;
      const id = type === 'private' ? chatId : -1_001_000_000_000 - chatId;
      double.addChat({ id, type, title: 'Ops' });
      return setUp(id, 'tests');
    },
    /** Another one of the same chat. */
    beside: (of: Integration) => setUp(of.chatId, 'another'),
    /** Takes an alert with a key in, as the API does. */
    alert: (
      of: Integration,
      message: string,
      { key = 'disk', idempotencyKey, ...more }: Partial<AlertRequest> & { idempotencyKey?: string } = {},
    ) =>
      core.alerts.acceptKeyed(
        { id: of.id, tokenHash: of.tokenHash },
        { ...request(message, more), key },
        { idempotencyKey },
      ),
    /** Takes one without a key in. */
    plain: (
      of: Integration,
      message: string,
      more: Partial<AlertRequest> & { idempotencyKey?: string } = {},
    ) => {
      const { idempotencyKey, ...fields } = more;
      const sender = { id: of.id, tokenHash: of.tokenHash };
      return core.alerts.accept(sender, request(message, fields), { idempotencyKey });
    },
    /** What somebody in the chat reads who presses a button of its newest message that has one. */
    press: (of: Integration, name = 'Ada', chatId = of.chatId) => {
      const data = double.messages(of.chatId).flatMap(buttonData).at(-1) ?? '';
      const [word, id = ''] = data.split(':');
      return core.acknowledgements.press(word === 'ack' ? 'acknowledge' : 'release', id, { chatId, name });
    },
    entry: (of: Integration, id: string): Promise<SeenAlert> => core.alerts.get(of, id),
    messages: (of: Integration): StoredMessage[] => double.messages(of.chatId),
    texts: (of: Integration) => double.messages(of.chatId).map(({ text }) => text),
    calls: (method: string) => double.calls.filter((call) => call.method === method),
    seen<N extends DomainEventName>(name: N): DomainEvents[N][] {
      // Pushed under its own name only.
      return seen.filter((one) => one.name === name).map((one) => one.event as DomainEvents[N]);
    },
    async close(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.stop()));
      await core.close();
      for (const client of [redis.fast, redis.patient, redis.subscriber]) client.disconnect();
      await double.stop();
      await stopDatabase();
    },
  };
}

/** What the buttons of a message send. */
export function buttonData({ reply_markup: markup }: StoredMessage): string[] {
  return (markup?.inline_keyboard ?? []).flat().flatMap(({ callback_data: data }) => data ?? []);
}

/** What its buttons are called. */
export function buttonsIn({ reply_markup: markup }: StoredMessage): string[] {
  return (markup?.inline_keyboard ?? []).flat().map(({ text }) => text);
}

/** The id of an alert that was taken in. */
export function idOf(accepted: 'ignored' | { readonly id: string }): string {
  if (accepted === 'ignored') throw new Error('it was ignored');
  return accepted.id;
}
