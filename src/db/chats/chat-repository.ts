import type { Knex } from 'knex';
import type { ChatRecord, ChatRepository } from '../../services/ports/chats.ts';
import { retryConflicts } from '../engine/conflicts.ts';
import type { Database } from '../engine/connect.ts';
import { AlertModel } from '../models/alert-model.ts';
import { ChatModel } from '../models/chat-model.ts';
import { IntegrationModel } from '../models/integration-model.ts';
import { InviteModel } from '../models/invite-model.ts';

export function createChatRepository({ knex, dialect }: Pick<Database, 'knex' | 'dialect'>): ChatRepository {
  const transaction = <T>(work: (trx: Knex.Transaction) => Promise<T>) =>
    retryConflicts(() => knex.transaction(work));

  async function register(chatId: number, now: number, on: Knex = knex): Promise<void> {
    await ChatModel.query(on).insert({ chatId, registeredAt: now }).onConflict('chatId').ignore();
  }

  return {
    async find(chatId) {
      const row = await ChatModel.query(knex).findById(chatId);
      return row && toRecord(row);
    },

    async list() {
      const rows = await ChatModel.query(knex).orderBy(['registeredAt', 'chatId']);
      const active = await IntegrationModel.query(knex).select('chatId').where({ status: 'active' });
      const counts = new Map<number, number>();
      for (const { chatId } of active) counts.set(chatId, (counts.get(chatId) ?? 0) + 1);
      return rows.map((row) => ({ ...toRecord(row), integrations: counts.get(row.chatId) ?? 0 }));
    },

    register: (chatId, now) => retryConflicts(() => register(chatId, now)),

    block: (chatId, now) =>
      transaction(async (trx) => {
        const ofChat = IntegrationModel.query(trx).select('id').where({ chatId }).orderBy('id');
        // Their locks come first, as in accept: an accept before it is seen below, one after it is refused.
        const rows = await (dialect === 'postgres' ? ofChat.forUpdate() : ofChat);
        await register(chatId, now, trx);
        await ChatModel.query(trx).patch({ blockedAt: now }).where({ chatId });
        const ended = await AlertModel.query(trx)
          .patch({ status: 'failed', reason: 'blocked', endedAt: now })
          .whereIn(
            'integrationId',
            rows.map(({ id }) => id),
          )
          .where({ status: 'queued' })
          .returning(['id', 'integrationId']);
        return ended.map(({ id, integrationId }) => ({ id, integrationId }));
      }),

    async unblock(chatId) {
      await retryConflicts(() => ChatModel.query(knex).patch({ blockedAt: null }).where({ chatId }));
    },

    move: (from, to) =>
      transaction(async (trx) => {
        const old = await ChatModel.query(trx).findById(from);
        if (old === undefined) return;
        await ChatModel.query(trx).deleteById(from);
        await register(to, old.registeredAt, trx);
        if (old.blockedAt !== null)
          await ChatModel.query(trx).patch({ blockedAt: old.blockedAt }).where({ chatId: to });
      }),

    addInvite: (hash, expiresAt, now) =>
      transaction(async (trx) => {
        await InviteModel.query(trx).delete().where('expiresAt', '<=', now);
        await InviteModel.query(trx).insert({ hash, createdAt: now, expiresAt });
      }),

    redeemInvite: (hash, chatId, now) =>
      transaction(async (trx) => {
        const used = await InviteModel.query(trx).delete().where({ hash }).where('expiresAt', '>', now);
        if (used === 0) return false;
        await register(chatId, now, trx);
        return true;
      }),
  };
}

function toRecord({ chatId, registeredAt, blockedAt }: ChatModel): ChatRecord {
  return { chatId, registeredAt, blockedAt };
}
