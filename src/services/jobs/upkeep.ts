import { type AlertRecord, type AlertStatus, keepsText } from '../../domain/alert.ts';
import type { EventBus } from '../../domain/events.ts';
import type { AlertLedger } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { PayloadCipher } from '../ports/crypto.ts';
import type { IntegrationRepository } from '../ports/integrations.ts';
import type { JobRuns } from '../ports/jobs.ts';
import type { AlertQueue, EndedSignal } from '../ports/queue.ts';

export interface UpkeepService {
  /** Brings the ledger in line with what happened: see the numbered steps inside. */
  upkeep(): Promise<void>;
}

/** Ended entries stay readable for 30 days. */
const LEDGER_KEEP_MS = 30 * 86_400_000;
/** Revoked integrations are kept for 30 days, those that were never used for 7: long enough to ask what happened. */
const REVOKED_KEEP_MS = 30 * 86_400_000;
const UNUSED_KEEP_MS = 7 * 86_400_000;
/** A send takes at most the Telegram timeout; this much more, in ms, for the writes around it. */
const STUCK_MARGIN_MS = 10_000;
/**
 * An accept writes the ledger, then the queue, within 1.5 s; entries this old (ms) must have their job. With a run every
 * 10 s, and 5 s until its schedule stands again, what Redis lost ends within 70 s.
 */
const LOST_AFTER_MS = 50_000;
/** All places are looked through this often, in ms: a crash seldom leaves one, and there may be many. */
const FREE_PLACES_EVERY_MS = 60_000;
/** Entries per step and run: bounds the time and the memory of one run. */
const BATCH = 1_000;

export function createUpkeepService(deps: {
  integrations: Pick<IntegrationRepository, 'findById' | 'purge'>;
  ledger: AlertLedger;
  queue: Pick<AlertQueue, 'drop' | 'existing' | 'isOurs' | 'placeHolders' | 'purgeEnded'>;
  ended: Pick<EndedSignal, 'publish'>;
  cipher: Pick<PayloadCipher, 'hashChat'>;
  jobRuns: Pick<JobRuns, 'succeeded'>;
  sweepIncidents: () => Promise<void>;
  closeDays: () => Promise<void>;
  events: EventBus;
  clock: Clock;
  telegramTimeoutMs: number;
}): UpkeepService {
  const { integrations, ledger, queue, events, clock } = deps;

  async function chatOf(integrationId: number): Promise<string> {
    const integration = await integrations.findById(integrationId);
    return integration === undefined ? 'unknown' : deps.cipher.hashChat(integration.chatId);
  }

  async function describe({ id, integrationId, notice }: Entry): Promise<Ended> {
    const isNotice = notice ? { isNotice: true as const } : {};
    return { alertId: id, integrationId, chat: await chatOf(integrationId), ...isNotice };
  }

  async function announce(ids: readonly string[], tell: (alert: Ended) => void): Promise<void> {
    for (const id of ids) {
      const entry = await ledger.find(id);
      if (entry !== undefined) tell(await describe(entry));
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
        await queue.drop([entry.id], true);
        lost += 1;
        events.emit('alert.failed', { ...(await describe(entry)), reason: 'lost' });
        deps.ended.publish(entry.id);
      }
      const last = queued.at(-1);
      if (last === undefined || queued.length < BATCH) return lost;
      after = last.id;
    }
  }

  let placesFreedAt = Number.NEGATIVE_INFINITY;

  async function freePlaces(): Promise<void> {
    for await (const ids of queue.placeHolders()) {
      const known = await ledger.statuses(ids);
      const ended = ids.filter((id) => !isOpen(known.get(id)?.status));
      const kept = ended.filter((id) => {
        const entry = known.get(id);
        return entry !== undefined && keepsText(entry.status, entry.reason);
      });
      await queue.drop(kept, true);
      await queue.drop(
        ended.filter((id) => !kept.includes(id)),
        false,
      );
    }
  }

  return {
    async upkeep() {
      const now = clock.now();
      // 1. Nothing is sent after its ttl, even while the worker cannot send at all.
      const expired = await ledger.expireDue(now, BATCH);
      await announce(expired, (alert) => events.emit('alert.expired', alert));
      await queue.drop(expired, false);
      // 2. A send whose worker died: Telegram may have it.
      const stuck = await ledger.endStuck(now - deps.telegramTimeoutMs - STUCK_MARGIN_MS, now);
      await announce(stuck, (alert) => events.emit('alert.uncertain', { ...alert, reason: 'worker_died' }));
      // 3. Accepted, but no longer in the queue; not if the queue is another installation's.
      const isOurs = await queue.isOurs();
      const lost = isOurs ? await failLost(now - LOST_AFTER_MS) : 0;
      // 4. Places of alerts that have ended: a crash came between the two.
      if (isOurs && (now - placesFreedAt >= FREE_PLACES_EVERY_MS || now < placesFreedAt)) {
        await freePlaces();
        placesFreedAt = now;
      }
      // 5. Incidents, whose messages may have ended in the steps before.
      if (isOurs) await deps.sweepIncidents();
      // 6. The numbers of the days that are over, while the ledger knows them.
      await deps.closeDays();
      // 7. What has been kept long enough.
      await queue.purgeEnded();
      await ledger.purge(now - LEDGER_KEEP_MS);
      await integrations.purge({ revoked: now - REVOKED_KEEP_MS, pending: now - UNUSED_KEEP_MS });
      // 8. For whoever watches, in any process: the steps above were done.
      await deps.jobRuns.succeeded('upkeep', clock.now());
      events.emit('upkeep.done', { expired: expired.length, uncertain: stuck.length, lost });
    },
  };
}

type Entry = Pick<AlertRecord, 'id' | 'integrationId' | 'notice'>;

/** An alert that has ended, as observers know it. */
interface Ended {
  readonly alertId: string;
  readonly integrationId: number;
  readonly chat: string;
  readonly isNotice?: true;
}

function isOpen(status: AlertStatus | undefined): boolean {
  return status === 'queued' || status === 'sending';
}
