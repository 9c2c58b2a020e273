import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCore } from '../../../src/app/core.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { hashToken } from '../../../src/crypto/tokens.ts';
import { createEventBus, type DomainEventName, type DomainEvents } from '../../../src/domain/events.ts';
import { withDispatchCommands } from '../../../src/queue/commands.ts';
import { dispatchKeys } from '../../../src/queue/keys.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import type { AlertRequest } from '../../../src/services/alerts/alert-request.ts';
import { OURS, openDispatch } from '../../support/dispatch.ts';
import type { TestRedis } from '../../support/redis.ts';
import { openMigrated } from '../../support/sqlite.ts';

export const SECRET = 'a secret of the tests, 32 bytes or more';
export const TELEGRAM_TIMEOUT_MS = 30_000;

export interface RigOptions {
  readonly prefix?: string;
  /** Path of the SQLite file: for a second process on the same data. */
  readonly file?: string;
  /** Another database, migrated already, in place of `file`. */
  readonly database?: string;
  readonly maxPending?: number;
  readonly dailyLimit?: number;
  readonly timeZone?: string;
}

export type Rig = Awaited<ReturnType<typeof createRig>>;
let serial = 0;

/** The use cases on a real SQLite file and a real Redis, without worker or HTTP. Starts at the real time. */
export async function createRig(server: TestRedis, options: RigOptions = {}) {
  serial += 1;
  const dir = mkdtempSync(join(tmpdir(), 'pingui-services-'));
  const file = options.file ?? join(dir, 'pingui.db');
  const prefix = options.prefix ?? `{services-${process.pid}-${serial}}`;
  const base = `${prefix}:alerts:`;
  let offset = 0;
  const clock = { now: () => Date.now() + offset };
  const db = await openMigrated(options.database ?? `sqlite:${file}`);
  const fast = withDispatchCommands(connectRedis(server.connection, 'fast', () => undefined));
  const patient = withDispatchCommands(connectRedis(server.connection, 'patient', () => undefined));
  const subscriber = connectRedis(server.connection, 'patient', () => undefined);
  await Promise.all([fast.ping().catch(() => undefined), patient.ping()]);
  const events = createEventBus();
  const seen: { name: DomainEventName; event: object }[] = [];
  const watch = (name: DomainEventName) => events.on(name, (event) => seen.push({ name, event }));
  const watched: DomainEventName[] = ['alert.accepted', 'alert.replayed', 'alert.refused', 'alert.failed'];
  watched.push(
    'alert.uncertain',
    'alert.expired',
    'alert.resent',
    'quota.exhausted',
    'quota.used_up',
    'quota.reset',
  );
  watched.push('integration.created', 'integration.revoked', 'integration.rotated', 'upkeep.done');
  watched.push('job.failed', 'chat.blocked');
  for (const name of watched) watch(name);

  const config = loadConfig(
    {
      QUEUE_PREFIX: prefix,
      MAX_QUEUE_SIZE: String(options.maxPending ?? 500),
      MAX_ALERTS: String(options.dailyLimit ?? 10),
      TIMEZONE: options.timeZone ?? 'UTC',
      BACKUP_DIR: join(dir, 'backups'),
      BACKUP_KEEP: '3',
      TELEGRAM_TIMEOUT_MS: String(TELEGRAM_TIMEOUT_MS),
    },
    () => '',
  );
  const core = createCore({
    config,
    secret: SECRET,
    db,
    redis: { fast, subscriber },
    ownership: OURS,
    clock,
    events,
    onError: () => undefined,
  });
  const { cipher, tokens, ledger, repository, queue, ended, integrations, alerts, maintenance, upkeep } =
    core;
  const { jobRuns } = core;
  const dispatch = openDispatch(fast, { prefix });
  const { incidents, texts, updates, settleLead, acknowledgements } = core;
  const alertDeps = {
    ...{ incidents, texts, updates, settleLead, acknowledgements },
    ...{ cipher, events, clock, ledger, queue, integrations: repository, ended, chats: core.chatRepository },
    timeZone: config.timeZone,
  };

  return {
    ...{
      dir,
      file,
      prefix,
      base,
      db,
      bull: dispatch.queue,
      dispatch,
      places: core.places,
      fast,
      patient,
      cipher,
      ledger,
      repository,
      queue,
      ended,
    },
    ...{
      core,
      config,
      chats: core.chats,
      tokens,
      integrations,
      alerts,
      alertDeps,
      maintenance,
      upkeep,
      jobRuns,
      events,
      clock,
    },
    /** Moves the injected clock; Redis and BullMQ keep the real one. */
    advance(ms: number): void {
      offset += ms;
    },
    /** Sets the injected clock to an ISO time; it goes on from there. */
    setTime(iso: string): void {
      offset = Date.parse(iso) - Date.now();
    },
    /** What happened under this name so far. */
    seen<N extends DomainEventName>(name: N): DomainEvents[N][] {
      // Pushed under its own name only.
      return seen.filter((one) => one.name === name).map((one) => one.event as DomainEvents[N]);
    },
    forgetSeen(): void {
      seen.length = 0;
    },
    /** An active integration, as a sender gets it. */
    async integrate(chatId = 1001, name?: string) {
      const setup = await integrations.issueSetupToken(chatId, name);
      const created = await integrations.create(tokens.verify(setup.token), hashToken(setup.token), {});
      return { ...created, setup: setup.token };
    },
    async left(id: number): Promise<number | undefined> {
      return (await repository.findById(id))?.rateLimit;
    },
    /** Makes a queued alert a kept one, as the worker does after `status`. */
    async endAsKept(id: string, status: 'failed' | 'uncertain', reason = 'test'): Promise<void> {
      await ledger.claim(id, clock.now());
      await ledger.end(id, ['sending'], { status, reason, now: clock.now() });
      await dispatch.discard(id);
      await fast.set(dispatchKeys(prefix).text(id), cipher.seal({ message: 'kept', format: 'plain' }, id));
    },
    /** Ids in the order in which BullMQ will hand them out. */
    order: dispatch.order,
    async close(): Promise<void> {
      await Promise.all([core.close(), dispatch.queue.close()]);
      for (const client of [fast, patient, subscriber]) client.disconnect();
      await db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function request(message = 'hello', more: Partial<AlertRequest> = {}): AlertRequest {
  return { message, format: 'plain', priority: 'normal', silent: false, ...more };
}

/** How many of each: 'ok' or the error's code. */
export async function tally(calls: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const result of await Promise.allSettled(calls)) {
    const key = result.status === 'fulfilled' ? 'ok' : String(result.reason?.code ?? result.reason);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
