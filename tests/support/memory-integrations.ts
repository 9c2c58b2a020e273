import type { Integration } from '../../src/domain/integration.ts';
import type { IntegrationRepository } from '../../src/services/ports/integrations.ts';

export interface MemoryIntegrations extends IntegrationRepository {
  readonly rows: Map<number, Integration>;
  /** Changes a row behind the service's back. */
  patch(id: number, fields: Partial<Integration>): void;
}

/** The repository's contract in a Map, for tests that are not about the database. */
export function createMemoryIntegrations(): MemoryIntegrations {
  const rows = new Map<number, Integration>();
  const slots: string[] = [];
  const patch = (id: number, fields: Partial<Integration>): Integration | undefined => {
    const row = rows.get(id);
    if (row === undefined) return undefined;
    const next = { ...row, ...fields };
    rows.set(id, next);
    return next;
  };
  const ofChat = (chatId: number) => [...rows.values()].filter((row) => row.chatId === chatId);

  return {
    rows,
    patch: (id, fields) => void patch(id, fields),
    findById: async (id) => rows.get(id),
    findByChat: async (chatId) => ofChat(chatId),
    findReusablePending: async (chatId, now) =>
      ofChat(chatId)
        .reverse()
        .find((row) => row.status === 'pending' && (row.tokenHash === null || (row.expiresAt ?? 0) < now)),
    async insertPending(chatId, name, dailyLimit, now) {
      const row: Integration = {
        id: rows.size + 1,
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
      };
      rows.set(row.id, row);
      return row;
    },
    async storeSetupToken(id, name, tokenHash, expiresAt, now) {
      patch(id, { name, tokenHash, expiresAt, updatedAt: now });
    },
    async activate(id, setupHash, { now, name, ...next }) {
      const row = rows.get(id);
      if (row?.status !== 'pending' || row.tokenHash !== setupHash) return undefined;
      const fresh = { status: 'active', rateLimit: row.dailyLimit, unreachableSince: null } as const;
      return patch(id, { ...next, ...fresh, name: name ?? row.name, updatedAt: now });
    },
    async rotate(id, oldHash, { now, ...next }) {
      const row = rows.get(id);
      if (row?.status !== 'active' || row.tokenHash !== oldHash) return undefined;
      return patch(id, { ...next, updatedAt: now });
    },
    async revoke(id, now) {
      if (rows.get(id)?.status === 'revoked') return undefined;
      const integration = patch(id, { status: 'revoked', tokenHash: null, updatedAt: now });
      return integration && { integration, alertIds: [] };
    },
    async setUnreachable(chatId, unreachableSince, unreachableReason) {
      const changed = ofChat(chatId).filter((row) => row.unreachableSince !== unreachableSince);
      for (const { id } of changed) patch(id, { unreachableSince, unreachableReason });
      return changed.length;
    },
    addSuspicion: async () => 1,
    async migrateChat(from, to, now) {
      const moved = ofChat(from);
      for (const { id } of moved) patch(id, { chatId: to, updatedAt: now });
      return moved.length;
    },
    async resetQuotas(slot, now) {
      if (slots.includes(slot)) return undefined;
      slots.push(slot);
      for (const { id, dailyLimit } of rows.values()) patch(id, { rateLimit: dailyLimit, updatedAt: now });
      return rows.size;
    },
    lastQuotaReset: async () => slots.at(-1),
    async markQuotaReset(slot) {
      if (!slots.includes(slot)) slots.push(slot);
    },
  };
}
