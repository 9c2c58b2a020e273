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
  readonly incidentId: string | null;
  readonly foldVersion: number | null;
}

export interface IncidentRow {
  readonly id: string;
  readonly state: 'open' | 'acknowledged' | 'resolved' | 'stale';
  readonly count: number;
  readonly version: number;
  readonly shownVersion: number;
  readonly leadId: string | null;
  readonly messageId: number | null;
  readonly reply: string | null;
  readonly resolvedAt: number | null;
  readonly acknowledgedAt: number | null;
}

/** Looks into the service's SQLite file with a connection of its own that cannot write. */
export interface LedgerReader {
  rows(): Promise<Map<string, LedgerRow>>;
  /** Those of keys: an alert without one that was acknowledged is one of its own, too. */
  incidents(): Promise<readonly IncidentRow[]>;
  close(): Promise<void>;
}

export function openLedger(dataDir: string): LedgerReader {
  const db = new sqlite3.Database(join(dataDir, 'pingui.db'), sqlite3.OPEN_READONLY);
  db.configure('busyTimeout', 10_000);
  const all = <Row>(sql: string): Promise<Row[]> =>
    new Promise((resolve, reject) => {
      db.all<Row>(sql, (error, rows) => (error ? reject(error) : resolve(rows)));
    });
  return {
    async rows() {
      const columns =
        'id, integrationId, status, reason, messageIds, sendingAt, endedAt, incidentId, foldVersion';
      const rows = await all<LedgerRow>(`SELECT ${columns} FROM Alerts`);
      return new Map(rows.map((row) => [row.id, row]));
    },
    incidents: () => all<IncidentRow>(`SELECT * FROM Incidents WHERE keyHash <> ''`),
    close: () => new Promise((resolve, reject) => db.close((error) => (error ? reject(error) : resolve()))),
  };
}
