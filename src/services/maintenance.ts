import type { EventBus } from '../domain/events.ts';
import { quotaSlot } from '../domain/quota.ts';
import type {
  AlertLedger,
  AlertQueue,
  Clock,
  DatabaseMaintenance,
  EndedSignal,
  IntegrationRepository,
  PayloadCipher,
} from './ports.ts';

export interface MaintenanceService {
  /** Midnight: every quota back to its daily limit; once per date, however often it is called. */
  resetQuotas(): Promise<void>;
  /** By hand: resets now, even if today's reset was done. Returns the number of integrations. */
  resetQuotasNow(): Promise<number>;
  /** At start: makes up for a midnight that passed while nothing ran; a fresh database owes none. */
  catchUp(): Promise<void>;
  /** Writes and verifies a backup. Returns its path. */
  backup(): Promise<string>;
  /** Brings the ledger in line with what happened: see the numbered steps inside. */
  upkeep(): Promise<void>;
}

/** Ended entries stay readable for 30 days. */
const LEDGER_KEEP_MS = 30 * 86_400_000;
/** The ciphertext of failed and uncertain alerts is kept 24 h for a resend by hand (the contract). */
const TEXT_KEEP_MS = 86_400_000;
/** A send takes at most the Telegram timeout; this much more, in ms, for the writes around it. */
const STUCK_MARGIN_MS = 10_000;
/** An accept writes the ledger, then the queue, within 1.5 s; entries this old (ms) must have their job. */
const LOST_AFTER_MS = 60_000;
/** Entries per step and run: bounds the time and the memory of one run. */
const BATCH = 1_000;

export function createMaintenanceService(deps: {
  integrations: IntegrationRepository;
  ledger: AlertLedger;
  database: DatabaseMaintenance;
  queue: Pick<AlertQueue, 'remove' | 'existing' | 'purgeKept'>;
  ended: Pick<EndedSignal, 'publish'>;
  cipher: Pick<PayloadCipher, 'hashChat'>;
  events: EventBus;
  clock: Clock;
  timeZone: string;
  backupDir: string;
  backupKeep: number;
  telegramTimeoutMs: number;
}): MaintenanceService {
  const { integrations, ledger, queue, events, clock } = deps;

  async function resetQuotas(): Promise<void> {
    const slot = quotaSlot(clock.now(), deps.timeZone);
    const changed = await integrations.resetQuotas(slot, clock.now());
    if (changed !== undefined) events.emit('quota.reset', { integrations: changed, slot });
  }

  async function chatOf(integrationId: number | undefined): Promise<string> {
    const integration = integrationId === undefined ? undefined : await integrations.findById(integrationId);
    return integration === undefined ? 'unknown' : deps.cipher.hashChat(integration.chatId);
  }

  async function announce(ids: readonly string[], tell: (alertId: string, chat: string) => void): Promise<void> {
    for (const id of ids) {
      tell(id, await chatOf((await ledger.find(id))?.integrationId));
      deps.ended.publish(id);
    }
  }

  /** Queued entries whose job is gone (Redis was flushed or restored from an older state): say so. */
  async function failLost(before: number): Promise<number> {
    let lost = 0;
    let after: string | null = null;
    for (;;) {
      const queued = await ledger.queuedBefore(before, after, BATCH);
      const held = await queue.existing(queued.map((entry) => entry.id));
      for (const entry of queued) {
        if (held.has(entry.id)) continue;
        const end = { status: 'failed', reason: 'lost', now: clock.now() } as const;
        if (!(await ledger.end(entry.id, ['queued'], end))) continue;
        lost += 1;
        events.emit('alert.failed', { alertId: entry.id, chat: await chatOf(entry.integrationId), reason: 'lost' });
        deps.ended.publish(entry.id);
      }
      const last = queued.at(-1);
      if (last === undefined || queued.length < BATCH) return lost;
      after = last.id;
    }
  }

  return {
    resetQuotas,

    async resetQuotasNow() {
      const now = clock.now();
      // A slot of its own beside the date's: a reset by hand does not replace midnight's.
      const slot = `manual ${new Date(now).toISOString()}`;
      const changed = (await integrations.resetQuotas(slot, now)) ?? 0;
      events.emit('quota.reset', { integrations: changed, slot });
      return changed;
    },

    async catchUp() {
      if ((await integrations.lastQuotaReset()) === undefined) {
        await integrations.markQuotaReset(quotaSlot(clock.now(), deps.timeZone), clock.now());
      } else {
        await resetQuotas();
      }
    },

    async backup() {
      const started = clock.now();
      const { file, bytes } = await deps.database.backup(deps.backupDir, deps.backupKeep, started);
      events.emit('backup.written', { file: baseName(file), bytes, tookMs: clock.now() - started });
      return file;
    },

    async upkeep() {
      const now = clock.now();
      // 1. Nothing is sent after its ttl, even while the worker cannot send at all.
      const expired = await ledger.expireDue(now, BATCH);
      await queue.remove(expired);
      await announce(expired, (alertId, chat) => events.emit('alert.expired', { alertId, chat }));
      // 2. A send whose worker died: Telegram may have it.
      const stuck = await ledger.endStuck(now - deps.telegramTimeoutMs - STUCK_MARGIN_MS, now);
      await announce(stuck, (alertId, chat) =>
        events.emit('alert.uncertain', { alertId, chat, reason: 'worker_died' }),
      );
      // 3. Accepted, but not in the queue any more.
      const lost = await failLost(now - LOST_AFTER_MS);
      // 4. What has been kept long enough.
      await queue.purgeKept(now - TEXT_KEEP_MS);
      await ledger.purge(now - LEDGER_KEEP_MS);
      events.emit('upkeep.done', { expired: expired.length, uncertain: stuck.length, lost });
    },
  };
}

function baseName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}
