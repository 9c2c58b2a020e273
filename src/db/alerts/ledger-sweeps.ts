import type { AlertLedger } from '../../services/ports/alerts.ts';
import type { Database } from '../engine/connect.ts';
import { AlertModel } from '../models/alert-model.ts';

/** Entries deleted per statement: other writers get their turn in between. */
const PURGE_BATCH = 1_000;

/** The parts of the ledger that look at many entries. */
export function createLedgerSweeps(
  db: Database,
): Pick<AlertLedger, 'statuses' | 'expireDue' | 'endStuck' | 'queuedBefore' | 'purge'> {
  const { knex } = db;
  // An entry that another transaction is changing is left to the next sweep; SQLite has one writer at a time.
  const skipLocked = db.dialect === 'postgres' ? 'FOR UPDATE SKIP LOCKED' : '';
  const alerts = () => AlertModel.query(knex);

  return {
    async expireDue(now, limit) {
      const rows = await alerts()
        .patch({ status: 'expired', reason: null, endedAt: now })
        .where({ status: 'queued' })
        // One of which a part has arrived is finished instead, as the delivery does.
        .whereRaw(
          `"id" IN (SELECT "id" FROM "Alerts" WHERE "status" = 'queued' AND "expiresAt" <= ? AND "messageIds" = ''
               AND "folded" IS NULL
             ORDER BY "expiresAt" LIMIT ? ${skipLocked})`,
          [now, limit],
        )
        .returning('id');
      return rows.map((row) => row.id);
    },

    async endStuck(before, now) {
      const rows = await alerts()
        .patch({ status: 'uncertain', reason: 'worker_died', endedAt: now })
        .where({ status: 'sending' })
        .whereRaw(
          `"id" IN (SELECT "id" FROM "Alerts" WHERE "status" = 'sending'
             AND ("sendingAt" < ? OR "sendingAt" > ?) ${skipLocked})`,
          [before, now + (now - before)],
        )
        .returning('id');
      return rows.map((row) => row.id);
    },

    async statuses(ids) {
      const rows = await alerts()
        .select('id', 'status', 'reason')
        .whereIn('id', [...ids]);
      return new Map(rows.map(({ id, status, reason }) => [id, { status, reason }]));
    },

    async queuedBefore(before, after, limit) {
      const query = alerts()
        .select('id', 'integrationId', 'notice')
        .where({ status: 'queued' })
        // Those that were folded into a message have no job of their own.
        .whereNull('folded')
        .where('queuedAt', '<', before)
        .orderBy([{ column: 'queuedAt' }, { column: 'id' }])
        .limit(limit);
      // If `after` was deleted meanwhile, nothing follows: this sweep ends early, and the next one starts over.
      if (after !== null) {
        query.whereRaw(`("queuedAt", "id") > (SELECT "queuedAt", "id" FROM "Alerts" WHERE "id" = ?)`, [
          after,
        ]);
      }
      return (await query).map(({ id, integrationId, notice }) => ({
        id,
        integrationId,
        notice: notice === 1,
      }));
    },

    async purge(before) {
      let purged = 0;
      for (;;) {
        const deleted = await alerts()
          .delete()
          .whereRaw(
            `"id" IN (SELECT "id" FROM "Alerts" WHERE "endedAt" < ?
               AND "status" NOT IN ('queued', 'sending') LIMIT ?)`,
            [before, PURGE_BATCH],
          );
        purged += deleted;
        if (deleted < PURGE_BATCH) return purged;
      }
    },
  };
}
