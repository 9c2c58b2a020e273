import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../../src/async/pause.ts';
import { type BotApiDouble, createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type Service, startService } from '../support/service.ts';
import { type Audit, type AuditOptions, audit } from './audit.ts';
import { type LedgerReader, openLedger } from './ledger-reader.ts';
import { createSender, type Sender } from './sender.ts';

/** The built service as two processes, its Redis, its SQLite file, and Telegram's double in this process. */
export interface Rig {
  readonly double: BotApiDouble;
  readonly redis: TestRedis;
  /** ROLES=api,bot,scheduler */
  readonly api: Service;
  /** ROLES=worker */
  readonly worker: Service;
  readonly chats: readonly Provisioned[];
  readonly sender: Sender;
  readonly ledger: LedgerReader;
  /** A chat of its own with an active integration. */
  addChat(): Promise<Provisioned>;
  audit(options: AuditOptions): Promise<Audit>;
  /** Waits until no accepted alert is queued or being sent. Resolves with the ms it took. @throws Error when it stops */
  drain(): Promise<number>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly chats?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Quick, and without limits that only slow an experiment down; the pace between sends stays a real one. */
const SETTINGS: Readonly<Record<string, string>> = {
  SEND_DELAY_MS: '5',
  CHAT_DELAY_MS: '0',
  GROUP_LIMIT_PER_MINUTE: '0',
  MAX_ALERTS: '1000000',
  MAX_QUEUE_SIZE: '100000',
  RATE_LIMIT_PER_MINUTE: '0',
  TELEGRAM_TIMEOUT_MS: '2000',
};
const FIRST_CHAT = 9_000_001;
/** Longest time without progress after the faults: a lost job is called so after 60 s. */
const STANDSTILL_MS = 100_000;

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-chaos-'));
  const double = createBotApiDouble({ dropOldMessages: 1_000_000 });
  const redis = await startTestRedis();
  await double.start();
  const start = (roles: string): Promise<Service> =>
    startService({ double, dir, env: { ...SETTINGS, ...options.env, REDIS_URL: redis.url, ROLES: roles } });
  // One after the other: the first creates the database.
  const api = await start('api,bot,scheduler');
  const worker = await start('worker');
  const chats: Provisioned[] = [];
  const addChat = async (): Promise<Provisioned> => {
    const chat = await provisionIntegration(double, api, FIRST_CHAT + chats.length);
    chats.push(chat);
    return chat;
  };
  for (let index = 0; index < (options.chats ?? 1); index += 1) await addChat();
  const ledger = openLedger(api.dataDir);
  const sender = createSender(() => api.api);

  return {
    double,
    redis,
    api,
    worker,
    chats,
    sender,
    ledger,
    addChat,
    audit: (auditOptions) => audit({ posted: sender.posted, ledger, double }, auditOptions),
    async drain() {
      const began = performance.now();
      let left = Number.POSITIVE_INFINITY;
      let movedAt = began;
      for (;;) {
        const open = [...(await ledger.rows()).values()].filter(
          (row) => row.status === 'queued' || row.status === 'sending',
        );
        if (open.length === 0) return Math.round(performance.now() - began);
        if (open.length < left) movedAt = performance.now();
        left = Math.min(left, open.length);
        if (performance.now() - movedAt > STANDSTILL_MS) {
          const some = open.slice(0, 3).map((row) => `${row.id} ${row.status} ${row.reason ?? ''}`);
          throw new Error(`${open.length} alerts do not end: ${some.join('; ')}`);
        }
        await pause(100);
      }
    },
    async close() {
      await ledger.close();
      await worker.close();
      await api.close();
      await double.stop();
      await redis.stop();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
