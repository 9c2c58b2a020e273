import type { Knex } from 'knex';
import { raw } from 'objection';
import type { Integration } from '../../domain/integration.ts';
import type { IntegrationRepository } from '../../services/ports/integrations.ts';
import { retryConflicts } from '../engine/conflicts.ts';
import type { Database } from '../engine/connect.ts';
import { createSession } from '../engine/session.ts';
import { CLEAR_SUSPICION } from '../hot-statements.ts';
import { AlertModel } from '../models/alert-model.ts';
import { IntegrationModel, toIntegration } from '../models/integration-model.ts';
import { KeyModel } from '../models/key-model.ts';
import { createFindIntegration } from './find-integration.ts';
import { purgeIntegrations } from './purge-integrations.ts';
import { lastQuotaReset, markDone, resetQuotas } from './quota-resets.ts';
import { setLimit } from './set-limit.ts';

/** Units of today that revoked integrations of the row's chat have spent, at most the row's daily limit. */
const SPENT = `(SELECT COALESCE(SUM(o."dailyLimit" - o."rateLimit" - o."carriedOver"), 0) FROM "Integrations" o
  WHERE o."chatId" = "Integrations"."chatId" AND o."status" = 'revoked' AND o."rateLimit" < o."dailyLimit")`;
const CARRIED_OVER = `CASE WHEN ${SPENT} < "dailyLimit" THEN ${SPENT} ELSE "dailyLimit" END`;
const ACTIVE_OF_CHAT = `(SELECT count(*) FROM "Integrations" o
  WHERE o."chatId" = "Integrations"."chatId" AND o."status" = 'active')`;
/** In the index of chats; revoked integrations may be many. */
const UNREVOKED = ['active', 'pending'] as const;

/** The integrations of one database. Nothing is kept in memory: other processes write to the same tables. */
export function createIntegrationRepository(db: Database): IntegrationRepository {
  const { knex } = db;
  const session = createSession(db);
  const integrations = (on: Knex = knex) => IntegrationModel.query(on);
  const unrevoked = (chatId: number) =>
    integrations()
      .where({ chatId })
      .whereIn('status', [...UNREVOKED]);

  /** SQLite has one writer at a time. In the order of accept's locks, so that nobody waits in a circle. */
  async function lockChatOf(id: number, trx: Knex.Transaction): Promise<void> {
    if (db.dialect !== 'postgres') return;
    await trx.raw(
      `SELECT count(*) FROM (SELECT "id" FROM "Integrations"
         WHERE "chatId" = (SELECT "chatId" FROM "Integrations" WHERE "id" = ?) AND "status" IN ('active', 'pending')
         ORDER BY "id" FOR UPDATE) AS locked`,
      [id],
    );
  }

  return {
    findById: createFindIntegration(session),

    async list() {
      const rows = await integrations().orderBy('id');
      return rows.map((row) => ({ ...toIntegration(row), hasOwnLimit: row.ownLimit === 1 }));
    },

    setLimit: async (id, limit, now) =>
      (await retryConflicts(() => setLimit(integrations(), id, limit, now))) === 1,

    async findByChat(chatId) {
      return (await unrevoked(chatId).orderBy('id')).map(toIntegration);
    },

    async findReusablePending(chatId, name, now) {
      const row = await integrations()
        .where({ chatId, status: 'pending' })
        .where((free) => free.where({ name }).orWhereNull('tokenHash').orWhere('expiresAt', '<=', now))
        .orderByRaw('CASE WHEN "name" = ? THEN 0 ELSE 1 END, "id" DESC', [name])
        .first();
      return row && toIntegration(row);
    },

    async insertPending(chatId, name, dailyLimit, now) {
      const fields = {
        chatId,
        name,
        tokenHash: null,
        scope: '',
        rateLimit: dailyLimit,
        dailyLimit,
        status: 'pending',
        expiresAt: null,
        unreachableSince: null,
        unreachableReason: null,
        createdAt: now,
        updatedAt: now,
      } as const;
      const { id } = await integrations().insert(fields);
      return { id, ...fields, showName: true, overflow: 'refuse', acknowledge: false };
    },

    async storeSetupToken(id, name, tokenHash, expiresAt, now) {
      const changed = await integrations()
        .patch({ name, tokenHash, expiresAt, updatedAt: now })
        .where({ id, status: 'pending' });
      return changed > 0;
    },

    activate: (id, setupHash, next) =>
      retryConflicts(() =>
        knex.transaction(async (trx) => {
          await lockChatOf(id, trx);
          const pending = { id, tokenHash: setupHash, status: 'pending' } as const;
          const rows = await integrations(trx)
            .patch({
              status: 'active',
              tokenHash: next.tokenHash,
              scope: next.scope,
              expiresAt: next.expiresAt,
              updatedAt: next.now,
              carriedOver: raw(CARRIED_OVER),
              rateLimit: raw(`"dailyLimit" - ${CARRIED_OVER}`),
              unreachableSince: null,
              unreachableReason: null,
              suspicion: 0,
              ...(next.name === null ? {} : { name: next.name }),
              ...(next.overflow === undefined ? {} : { overflow: next.overflow }),
              ...(next.showName === undefined ? {} : { showName: next.showName ? 1 : 0 }),
              ...(next.acknowledge === undefined ? {} : { acknowledge: next.acknowledge ? 1 : 0 }),
            })
            .where(pending)
            .whereRaw(`${ACTIVE_OF_CHAT} < ?`, [next.maxPerChat])
            .returning('*');
          if (rows.length > 0) return first(rows);
          return (await integrations(trx).where(pending).resultSize()) > 0 ? 'too_many' : undefined;
        }),
      ),

    async undoActivation({ id, status, name, scope, rateLimit, expiresAt, ...before }, tokenHash) {
      const as = {
        ...{ status, name, scope, rateLimit, expiresAt, carriedOver: 0 },
        ...{ tokenHash: before.tokenHash, showName: before.showName ? 1 : 0, overflow: before.overflow },
        acknowledge: before.acknowledge ? 1 : 0,
      };
      await retryConflicts(() => integrations().patch(as).where({ id, tokenHash }));
    },

    rotate: (id, oldHash, { now, revokeKeys, ...next }) =>
      retryConflicts(() =>
        knex.transaction(async (trx) => {
          const rows = await integrations(trx)
            .patch({ ...next, updatedAt: now })
            .where({ id, tokenHash: oldHash, status: 'active' })
            .returning('*');
          if (rows.length > 0 && revokeKeys) await KeyModel.query(trx).delete().where({ integrationId: id });
          return first(rows);
        }),
      ),

    async update(id, { acknowledge, ...to }, now) {
      const buttons = acknowledge === undefined ? {} : { acknowledge: acknowledge ? 1 : 0 };
      const changed = integrations()
        .patch({ ...to, ...buttons, updatedAt: now })
        .where({ id, status: 'active' });
      return first(await retryConflicts(() => changed.returning('*')));
    },

    revoke: (id, now) =>
      retryConflicts(() =>
        knex.transaction(async (trx) => {
          // The integration's lock comes first, as in accept: an accept before it is seen below, one after it is
          // refused.
          const rows = await integrations(trx)
            .patch({ status: 'revoked', tokenHash: null, updatedAt: now })
            .where({ id })
            .whereNot({ status: 'revoked' })
            .returning('*');
          const integration = first(rows);
          if (integration === undefined) return undefined;
          await KeyModel.query(trx).delete().where({ integrationId: id });
          const ended = await AlertModel.query(trx)
            .patch({ status: 'failed', reason: 'revoked', endedAt: now })
            .where({ integrationId: id, status: 'queued' })
            .returning('id');
          return { integration, alertIds: ended.map((alert) => alert.id) };
        }),
      ),

    async setShowName(id, showName) {
      await integrations()
        .patch({ showName: showName ? 1 : 0 })
        .where({ id });
    },

    async claimQuotaNotice(id, now) {
      const told = integrations().patch({ toldAt: now }).where({ id, rateLimit: 0 }).whereNull('toldAt');
      return (await retryConflicts(() => told)) === 1;
    },

    async setUnreachable(chatId, since, reason) {
      if (since !== null) {
        // The first refusal counts; a later one changes nothing.
        return retryConflicts(() =>
          unrevoked(chatId)
            .patch({ unreachableSince: since, unreachableReason: reason })
            .whereNull('unreachableSince'),
        );
      }
      const changed = await retryConflicts(() =>
        unrevoked(chatId)
          .patch({ unreachableSince: null, unreachableReason: null, suspicion: 0 })
          .whereNotNull('unreachableSince'),
      );
      // Apart, because a chat that was only suspected is not one that came back.
      await retryConflicts(() => unrevoked(chatId).patch({ suspicion: 0 }).whereNot({ suspicion: 0 }));
      return changed;
    },

    async addSuspicion(chatId) {
      const rows = await retryConflicts(() =>
        unrevoked(chatId)
          .patch({ suspicion: raw('?? + 1', ['suspicion']) })
          .returning('suspicion'),
      );
      // An integration that was made after the first refusals has counted fewer of them.
      return Math.max(0, ...rows.map((row) => row.suspicion));
    },

    async clearSuspicion(chatId) {
      await retryConflicts(() => session.run(CLEAR_SUSPICION, chatId));
    },

    migrateChat: async (from, to, now) =>
      retryConflicts(() => integrations().patch({ chatId: to, updatedAt: now }).where({ chatId: from })),

    resetQuotas: (slot, now, dailyLimit) => resetQuotas(db, { slot, now, dailyLimit }),
    lastQuotaReset: () => lastQuotaReset(knex),

    markQuotaReset: (slot, now) => markDone(knex, slot, now),
    purge: (before) => purgeIntegrations(knex, before),
  };
}

function first(rows: readonly IntegrationModel[]): Integration | undefined {
  const [row] = rows;
  return row && toIntegration(row);
}
