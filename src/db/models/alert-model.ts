import { Model } from 'objection';
import type { AlertRecord } from '../../domain/alert.ts';

/** A row of Alerts. Stays in src/db: callers get `toAlertRecord`. */
export class AlertModel extends Model {
  static override tableName = 'Alerts';

  declare id: string;
  declare integrationId: number;
  declare status: AlertRecord['status'];
  declare reason: string | null;
  declare format: AlertRecord['format'];
  declare priority: AlertRecord['priority'];
  declare silent: number;
  declare threadId: number | null;
  declare deliverAt: number | null;
  declare expiresAt: number | null;
  declare sealedTags: string | null;
  declare hasButton: number;
  declare parts: number | null;
  /** Numbers separated by commas. */
  declare messageIds: string;
  declare remaining: number;
  declare createdAt: number;
  declare queuedAt: number;
  declare sendingAt: number | null;
  declare endedAt: number | null;
  declare idempotencyKeyHash: string | null;
  declare bodyHash: string | null;
  /** A repeat of its key was answered: it can no longer be withdrawn. */
  declare confirmedAt: number | null;
}

export type AlertRow = Pick<AlertModel, keyof AlertRecord>;

/** A plain object with exactly the fields of the domain's type. */
export function toAlertRecord(row: AlertRow): AlertRecord {
  return {
    id: row.id,
    integrationId: row.integrationId,
    status: row.status,
    reason: row.reason,
    format: row.format,
    priority: row.priority,
    silent: row.silent === 1,
    threadId: row.threadId,
    deliverAt: row.deliverAt,
    expiresAt: row.expiresAt,
    sealedTags: row.sealedTags,
    hasButton: row.hasButton === 1,
    parts: row.parts,
    messageIds: row.messageIds === '' ? [] : row.messageIds.split(',').map(Number),
    remaining: row.remaining,
    createdAt: row.createdAt,
    sendingAt: row.sendingAt,
    endedAt: row.endedAt,
  };
}
