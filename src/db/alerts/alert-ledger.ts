import { type PartialModelObject, raw } from 'objection';
import { ALERT_STATUSES, type AlertStatus } from '../../domain/alert.ts';
import type { AlertLedger } from '../../services/ports/alerts.ts';
import type { Database } from '../engine/connect.ts';
import { createSession } from '../engine/session.ts';
import { AlertModel } from '../models/alert-model.ts';
import { createAccept } from './accept-alerts.ts';
import { toAlertRecord, toNewEntry } from './alert-columns.ts';
import { createLedgerSweeps } from './ledger-sweeps.ts';
import { createWithdraw } from './withdraw-alerts.ts';

/** The ledger in one database. `idempotencyWindowMs`: how long a key is remembered (IDEMPOTENCY_WINDOW_MS, 24 h). */
export function createAlertLedger(db: Database, deps: { idempotencyWindowMs: number }): AlertLedger {
  const { knex } = db;
  const session = createSession(db);
  const withdraw = createWithdraw(session);
  const alerts = () => AlertModel.query(knex);

  return {
    ...createLedgerSweeps(db),

    accept: createAccept(session, deps.idempotencyWindowMs),

    async addNotice(alert) {
      // The table of columns gives each its value.
      await alerts().insert({
        ...toNewEntry(alert),
        remaining: 0,
        notice: 1,
      } as PartialModelObject<AlertModel>);
    },

    withdraw: (id, integrationId) => withdraw({ id, integrationId }),

    async confirm(id, now) {
      const known = await alerts().findById(id).select('confirmedAt');
      if (known === undefined) return false;
      // What is confirmed is never withdrawn: a repeat of a repeat need not write.
      if (known.confirmedAt !== null) return true;
      const confirmedAt = raw('coalesce(??, ?)', ['confirmedAt', now]);
      return (await alerts().patch({ confirmedAt }).where({ id })) === 1;
    },

    async find(id) {
      const row = await alerts().findById(id);
      return row && toAlertRecord(row);
    },

    async findByKey(integrationId, keyHash, since) {
      const row = await alerts()
        .where({ integrationId, idempotencyKeyHash: keyHash })
        .where('createdAt', '>=', since)
        .first();
      return row && { record: toAlertRecord(row), bodyHash: row.bodyHash ?? '' };
    },

    async claim(id, sendAt) {
      const changed = await alerts()
        .patch({ status: 'sending', sendingAt: sendAt })
        .where({ id, status: 'queued' })
        // One of which a part has arrived is finished.
        .whereRaw(`("expiresAt" IS NULL OR "expiresAt" > ? OR "messageIds" <> '')`, [sendAt]);
      return changed === 1;
    },

    async release(id, reason) {
      await alerts().patch({ status: 'queued', reason }).where({ id, status: 'sending' });
    },

    async addPart(id, parts, messageId) {
      await alerts()
        .patch({
          parts,
          messageIds: withMessageId(messageId),
          // The next part needs a claim of its own. An entry that was ended meanwhile keeps its end.
          status: raw(`CASE WHEN ?? = 'sending' THEN 'queued' ELSE ?? END`, ['status', 'status']),
        })
        .where({ id });
    },

    async end(id, from, { status, reason, now, part }) {
      const last = part && { parts: part.parts, messageIds: withMessageId(part.messageId) };
      const changed = await alerts()
        .patch({ status, reason, endedAt: now, ...last })
        .where({ id })
        .whereIn('status', [...from]);
      return changed === 1;
    },

    async requeue(id, now, mostResends) {
      const queued = { status: 'queued', reason: null, endedAt: null, queuedAt: now } as const;
      const query = alerts().where({ id }).whereIn('status', ['failed', 'uncertain']);
      if (mostResends === undefined) return (await query.patch(queued)) === 1;
      const resends = raw('?? + 1', ['resends']);
      return (await query.where('resends', '<', mostResends).patch({ ...queued, resends })) === 1;
    },

    async undoRequeue({ id, status, reason, endedAt, resends }) {
      await alerts().patch({ status, reason, endedAt, resends }).where({ id, status: 'queued' });
    },

    async countByStatus() {
      const rows: { status: AlertStatus; count: number | string }[] = await knex('Alerts')
        .select('status')
        .count({ count: '*' })
        .groupBy('status');
      const counts = new Map(rows.map((row) => [row.status, Number(row.count)]));
      const entries = ALERT_STATUSES.map((status) => [status, counts.get(status) ?? 0]);
      // The entries are made from all statuses.
      return Object.fromEntries(entries) as Record<AlertStatus, number>;
    },
  };
}

/** The list of message ids with one more, without reading it first. */
function withMessageId(messageId: number) {
  const id = String(messageId);
  return raw(`CASE WHEN ?? = '' THEN ? ELSE ?? || ',' || ? END`, ['messageIds', id, 'messageIds', id]);
}
