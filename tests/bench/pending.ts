import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { createPayloadCipher } from '../../src/crypto/payload-cipher.ts';
import type { Database } from '../../src/db/engine/connect.ts';
import { withDispatchCommands } from '../../src/queue/commands.ts';
import { alertJob, openDispatch } from '../support/dispatch.ts';
import { InexactError } from './exactness.ts';
import type { Sender } from './integrations.ts';
import { SECRET, waitUntil } from './processes.ts';

const PREFIX = '{pingui:queue}';
const CAP = 1_000_000;
/** Alerts per transaction, and adds in flight. */
const BATCH = 500;

/** The alert queue of a service under measurement, seen from outside. */
export interface Pending {
  /**
   * Adds `count` alerts, one after the other of each sender's: a ledger entry and a job as an accept makes them, the
   * text sealed, so that a worker delivers them like any other. They take no quota.
   */
  add(count: number): Promise<void>;
  /** Alerts that wait, also while the queue is paused. */
  count(): Promise<number>;
  /** Takes the alerts that came after the newest `add` off the queue, and lets the ledger call them delivered. */
  removeAccepted(): Promise<void>;
  /** No worker takes anything until `resume`. Resolves when what was in flight has ended. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Redis rewrites a grown AOF by itself: waits until that is over, since it is no part of what is measured. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export function openPending(deps: { redisUrl: string; db: Database; senders: readonly Sender[] }): Pending {
  const redis = withDispatchCommands(new Redis(deps.redisUrl, { maxRetriesPerRequest: null }));
  const { queue, alerts, discard } = openDispatch(redis, { prefix: PREFIX, maxPending: CAP });
  const cipher = createPayloadCipher(SECRET);
  const chats = deps.senders.map((sender) => cipher.hashChat(sender.chatId));
  let turn = 0;
  /** SQLite's number of the newest entry that `add` made. */
  let newest = 0;

  function nextAlert(): { id: string; sender: Sender; chat: string } {
    const index = turn++ % deps.senders.length;
    const sender = deps.senders[index];
    if (sender === undefined) throw new Error('there are no senders');
    return { id: randomUUID(), sender, chat: chats[index] ?? '' };
  }

  async function addBatch(count: number): Promise<void> {
    const made = Array.from({ length: count }, nextAlert);
    const now = Date.now();
    const entries = made.map(({ id, sender }) => toEntry(id, sender.id, now));
    await deps.db.knex.batchInsert('Alerts', entries, BATCH);
    await Promise.all(
      made.map(({ id, sender, chat }) =>
        alerts.add(
          alertJob(id, chat, { integrationId: sender.id }),
          cipher.seal({ message: `pending ${id}`, format: 'plain' }, id),
        ),
      ),
    );
  }

  return {
    async add(count) {
      for (let left = count; left > 0; left -= BATCH) await addBatch(Math.min(left, BATCH));
      const rows = (await deps.db.knex.raw(`SELECT max(rowid) AS n FROM "Alerts"`)) as { n: number | null }[];
      newest = rows[0]?.n ?? 0;
    },

    count: async () => (await alerts.counts()).pending,

    async removeAccepted() {
      const rows: { id: string }[] = await deps.db
        .knex('Alerts')
        .select('id')
        .whereRaw(`rowid > ? AND "status" = 'queued'`, [newest]);
      await discard(...rows.map((row) => row.id));
      await deps.db
        .knex('Alerts')
        .update({ status: 'delivered', endedAt: Date.now() })
        .whereRaw(`rowid > ? AND "status" = 'queued'`, [newest]);
    },

    async pause() {
      await queue.pause();
      await waitUntil('the sends in flight end', 15_000, async () => (await alerts.counts()).active === 0);
      if ((await alerts.counts()).failed > 0) throw new InexactError('alerts failed');
    },

    resume: () => queue.resume(),

    settle: () =>
      waitUntil('Redis rewrites its AOF', 60_000, async () =>
        (await redis.info('persistence')).includes('aof_rewrite_in_progress:0'),
      ),

    async close() {
      await queue.close();
      redis.disconnect();
    },
  };
}

/** A row of Alerts; what is left out has its default. */
function toEntry(id: string, integrationId: number, now: number) {
  return {
    id,
    integrationId,
    format: 'plain',
    priority: 'normal',
    remaining: 0,
    createdAt: now,
    queuedAt: now,
  };
}
