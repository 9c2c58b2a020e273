import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import type { AlertStatus } from '../../src/domain/alert.ts';

export interface LedgerRow {
  readonly id: string;
  readonly integrationId: number;
  readonly status: AlertStatus;
  readonly reason: string | null;
  readonly messageIds: string;
  readonly sendingAt: number | null;
  readonly endedAt: number | null;
}

/** Looks into the service's SQLite file with a connection of its own that cannot write. */
export interface LedgerReader {
  rows(): Promise<Map<string, LedgerRow>>;
  close(): Promise<void>;
}

export function openLedger(dataDir: string): LedgerReader {
  const db = new sqlite3.Database(join(dataDir, 'pingui.db'), sqlite3.OPEN_READONLY);
  db.configure('busyTimeout', 10_000);
  return {
    rows: () =>
      new Promise((resolve, reject) => {
        const sql = 'SELECT id, integrationId, status, reason, messageIds, sendingAt, endedAt FROM Alerts';
        db.all<LedgerRow>(sql, (error, rows) =>
          error ? reject(error) : resolve(new Map(rows.map((row) => [row.id, row]))),
        );
      }),
    close: () => new Promise((resolve, reject) => db.close((error) => (error ? reject(error) : resolve()))),
  };
}
