import type { Knex } from 'knex';
import { raw } from 'objection';
import { type IncidentReply, isStale } from '../../domain/incident.ts';
import type { IncidentRepository } from '../../services/ports/incidents.ts';
import { retryConflicts } from '../engine/conflicts.ts';
import type { Database } from '../engine/connect.ts';
import { AlertModel } from '../models/alert-model.ts';
import { IncidentModel, toIncident } from '../models/incident-model.ts';
import { openSingle, pressButton } from './acknowledgements.ts';
import { endFolds, insertNotice, markShown } from './incident-rows.ts';
import { createIncidentSweeps } from './incident-sweeps.ts';
import { settleLead } from './settle-lead.ts';
import { createTakeBack } from './take-back.ts';
import { createTakeIn, type TakeInOptions } from './take-in.ts';

/** The incidents of one database. */
export function createIncidentRepository(db: Database, options: TakeInOptions): IncidentRepository {
  const { knex } = db;
  const incidents = (on: Knex = knex) => IncidentModel.query(on);

  function transaction<T>(work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
    return retryConflicts(() => knex.transaction(work));
  }

  /** SQLite has one writer at a time. */
  async function lock(trx: Knex.Transaction, id: string): Promise<IncidentModel | undefined> {
    const query = incidents(trx).findById(id);
    return db.dialect === 'postgres' ? query.forUpdate() : query;
  }

  return {
    ...createIncidentSweeps(db),

    takeIn: createTakeIn(knex, options),
    takeBack: createTakeBack(transaction),

    async find(id) {
      const row = await incidents().findById(id);
      return row && toIncident(row);
    },

    async isLive(integrationId, keyHash, now) {
      const row = await incidents().where({ integrationId, keyHash }).whereNull('closedAt').first();
      return row !== undefined && !isStale(row, now, options);
    },
    openSingle: (alert, hasButtons) => transaction((trx) => openSingle(trx, alert, hasButtons)),

    press: (id, press, by) =>
      transaction(async (trx) => {
        const row = await lock(trx, id);
        return row && pressButton(trx, row, press, by);
      }),

    settleLead: (id, shown, now, notice) =>
      transaction(async (trx) => {
        const row = await lock(trx, id);
        return row && settleLead(trx, row, { shown, now, notice });
      }),

    markShown: (id, { version, textIds }, now) =>
      transaction(async (trx) => {
        const row = await lock(trx, id);
        if (row === undefined) return [];
        // A worker that was thought dead has just shown what is older: the newest has to be shown again.
        const isOlder = row.shownVersion > version;
        await incidents(trx)
          .patch(
            isOlder
              ? { version: raw('?? + 1', ['version']), changedAt: now }
              : { shownVersion: Math.min(version, row.version) },
          )
          .where({ id });
        await markShown(trx, textIds);
        return endFolds(trx, { id, version }, { status: 'delivered', reason: null, now });
      }),

    markLost: (id, { version, now }) =>
      transaction(async (trx) => {
        const row = await lock(trx, id);
        if (row === undefined || row.shownVersion >= version) return [];
        const ended = await endFolds(trx, { id, version }, { status: 'failed', reason: 'lost', now });
        const reply = row.reply ?? replyForLost(row, ended.length);
        await incidents(trx).patch({ shownVersion: version, reply, changedAt: now }).where({ id });
        return ended;
      }),

    replaceMessage: (id, messageId, notice) =>
      transaction(async (trx) => {
        const changed = await incidents(trx)
          .patch({ messageId: null, leadId: notice.id, shownVersion: 0, changedAt: notice.createdAt })
          .where({ id, messageId });
        if (changed === 1) await insertNotice(trx, notice, { remaining: 0, incidentId: id });
        return changed === 1;
      }),

    takeReply: (id, reply, messageId, notice) =>
      transaction(async (trx) => {
        const changed = await incidents(trx).patch({ reply: null }).where({ id, reply });
        if (changed === 1) await insertNotice(trx, notice, { remaining: 0, replyTo: messageId });
        return changed === 1;
      }),

    putReplyBack: (id, reply, noticeId) =>
      transaction(async (trx) => {
        const deleted = await AlertModel.query(trx).delete().where({ id: noticeId, status: 'queued' });
        // A newer one says more.
        if (deleted === 1) await incidents(trx).patch({ reply }).where({ id }).whereNull('reply');
      }),

    giveUp: (id, { status, reason, now }) =>
      transaction(async (trx) => {
        const row = await lock(trx, id);
        if (row === undefined) return [];
        await incidents(trx)
          .patch({
            ...(row.closedAt === null ? { state: 'stale', closedAt: now } : {}),
            shownVersion: row.version,
            reply: null,
          })
          .where({ id });
        return endFolds(trx, { id, version: row.version }, { status, reason, now });
      }),
  };
}

/** What a reply says in place of an edit; one that is resolved has its reply anyway. */
function replyForLost({ state }: IncidentModel, folds: number): IncidentReply | null {
  if (state === 'stale') return 'stale';
  return state !== 'resolved' && folds > 0 ? 'counted' : null;
}
