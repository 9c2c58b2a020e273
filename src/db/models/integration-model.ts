import type { Integration } from '../../domain/integration.ts';
import { RowModel } from './row-model.ts';

/** A row of Integrations. Stays in src/db: callers get `toIntegration`. */
export class IntegrationModel extends RowModel {
  static override tableName = 'Integrations';

  declare id: number;
  declare chatId: number;
  declare name: string;
  declare tokenHash: string | null;
  declare scope: string;
  declare rateLimit: number;
  declare dailyLimit: number;
  declare status: Integration['status'];
  declare expiresAt: number | null;
  declare unreachableSince: number | null;
  declare unreachableReason: string | null;
  /** Refusals in a row that may be Telegram's mistake (SUSPECT_LIMIT). */
  declare suspicion: number;
  /** Units of today's limit that revoked integrations of the chat had spent before. */
  declare carriedOver: number;
  /** When the chat was told that today's quota is used up (epoch ms). */
  declare toldAt: number | null;
  /** How often its quota was reset while it was not full. */
  declare period: number;
  /** 1: MAX_ALERTS does not reach it. */
  declare ownLimit: number;
  /** 1: alerts show its name where the chat has other active integrations. */
  declare showName: number;
  declare overflow: Integration['overflow'];
  /** 1: its alerts have a button to acknowledge them. */
  declare acknowledge: number;
  /** Alerts of today that were folded. */
  declare folded: number;
  declare createdAt: number;
  declare updatedAt: number;
}

export type IntegrationRow = Pick<IntegrationModel, keyof Integration>;

/** A plain object with exactly the fields of the domain's type. */
export function toIntegration(row: IntegrationRow): Integration {
  return {
    id: row.id,
    chatId: row.chatId,
    name: row.name,
    tokenHash: row.tokenHash,
    scope: row.scope,
    rateLimit: row.rateLimit,
    dailyLimit: row.dailyLimit,
    status: row.status,
    expiresAt: row.expiresAt,
    unreachableSince: row.unreachableSince,
    unreachableReason: row.unreachableReason,
    showName: row.showName === 1,
    overflow: row.overflow,
    acknowledge: row.acknowledge === 1,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
