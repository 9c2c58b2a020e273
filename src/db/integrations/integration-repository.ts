import type { Knex } from 'knex';
import { raw } from 'objection';
import type { Integration } from '../../domain/integration.ts';
import type { IntegrationRepository } from '../../services/ports/integrations.ts';
import { retryConflicts } from '../engine/conflicts.ts';
import type { Database } from '../engine/connect.ts';
import { createSession } from '../engine/session.ts';
import { AlertModel } from '../models/alert-model.ts';
import { IntegrationModel, toIntegration } from '../models/integration-model.ts';
import { createFindIntegration } from './find-integration.ts';
import { lastQuotaReset, mark, resetQuotas } from './quota-resets.ts';

/** The integrations of one database. Nothing is kept in memory: other processes write to the same tables. */
export function createIntegrationRepository(db: Database): IntegrationRepository {
  const { knex } = db;
  const integrations = (on: Knex = knex) => IntegrationModel.query(on);

  return {
    findById: createFindIntegration(createSession(db)),

    async findByChat(chatId) {
      return (await integrations().where({ chatId }).orderBy('id')).map(toIntegration);
    },

    async findReusablePending(chatId, now) {
      const row = await integrations()
        .where({ chatId, status: 'pending' })
        .where((unused) => unused.whereNull('tokenHash').orWhere('expiresAt', '<=', now))
        .orderBy('id', 'desc')
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
      return { id, ...fields };
    },

    async storeSetupToken(id, name, tokenHash, expiresAt, now) {
      await integrations()
        .patch({ name, tokenHash, expiresAt, updatedAt: now })
        .where({ id, status: 'pending' });
    },

    async activate(id, setupHash, next) {
      const rows = await integrations()
        .patch({
          status: 'active',
          tokenHash: next.tokenHash,
          scope: next.scope,
          expiresAt: next.expiresAt,
          updatedAt: next.now,
          rateLimit: raw('??', ['dailyLimit']),
          unreachableSince: null,
          unreachableReason: null,
          suspicion: 0,
          ...(next.name === null ? {} : { name: next.name }),
        })
        .where({ id, tokenHash: setupHash, status: 'pending' })
        .returning('*');
      return first(rows);
    },

    async rotate(id, oldHash, next) {
      const rows = await integrations()
        .patch({ tokenHash: next.tokenHash, expiresAt: next.expiresAt, updatedAt: next.now })
        .where({ id, tokenHash: oldHash, status: 'active' })
        .returning('*');
      return first(rows);
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
          const ended = await AlertModel.query(trx)
            .patch({ status: 'failed', reason: 'revoked', endedAt: now })
            .where({ integrationId: id, status: 'queued' })
            .returning('id');
          return { integration, alertIds: ended.map((alert) => alert.id) };
        }),
      ),

    async setUnreachable(chatId, since, reason) {
      if (since !== null) {
        // The first refusal counts; a later one changes nothing.
        return retryConflicts(() =>
          integrations()
            .patch({ unreachableSince: since, unreachableReason: reason })
            .where({ chatId })
            .whereNull('unreachableSince'),
        );
      }
      const changed = await retryConflicts(() =>
        integrations()
          .patch({ unreachableSince: null, unreachableReason: null, suspicion: 0 })
          .where({ chatId })
          .whereNotNull('unreachableSince'),
      );
      // Apart, because a chat that was only suspected is not one that came back.
      await retryConflicts(() =>
        integrations().patch({ suspicion: 0 }).where({ chatId }).whereNot({ suspicion: 0 }),
      );
      return changed;
    },

    async addSuspicion(chatId) {
      const rows = await retryConflicts(() =>
        integrations()
          .patch({ suspicion: raw('?? + 1', ['suspicion']) })
          .where({ chatId })
          .returning('suspicion'),
      );
      // An integration that was made after the first refusals has counted fewer of them.
      return Math.max(0, ...rows.map((row) => row.suspicion));
    },

    migrateChat: async (from, to, now) =>
      retryConflicts(() => integrations().patch({ chatId: to, updatedAt: now }).where({ chatId: from })),

    resetQuotas: (slot, now) => resetQuotas(db, slot, now),
    lastQuotaReset: () => lastQuotaReset(knex),

    async markQuotaReset(slot, now) {
      await mark(knex, slot, now);
    },
  };
}

function first(rows: readonly IntegrationModel[]): Integration | undefined {
  const [row] = rows;
  return row && toIntegration(row);
}
