import pg from 'pg';
import type { AlertStatus } from '../../src/domain/alert.ts';
import type { LedgerReader, LedgerRow } from '../chaos/ledger-reader.ts';

type Row = Record<
  'id' | 'integrationId' | 'status' | 'reason' | 'messageIds' | 'sendingAt' | 'endedAt' | 'incidentId',
  string
> & { readonly foldVersion: number | null };

export interface PostgresLedger extends Omit<LedgerReader, 'incidents'> {
  /** Units left, by integration. */
  quotasLeft(): Promise<Map<number, number>>;
}

/** Looks into the service's PostgreSQL database with a connection of its own. */
export async function openPostgresLedger(url: string): Promise<PostgresLedger> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // bigint comes as text.
  const toNumber = (value: string | null) => (value === null ? null : Number(value));
  return {
    async rows() {
      const { rows } = await client.query<Row>(
        `SELECT "id", "integrationId", "status", "reason", "messageIds", "sendingAt", "endedAt", "incidentId", "foldVersion"
           FROM "Alerts"`,
      );
      const entries = rows.map((row): [string, LedgerRow] => [
        row.id,
        {
          ...row,
          integrationId: Number(row.integrationId),
          // The column has a CHECK on these.
          status: row.status as AlertStatus,
          sendingAt: toNumber(row.sendingAt),
          endedAt: toNumber(row.endedAt),
        },
      ]);
      return new Map(entries);
    },
    async quotasLeft() {
      const { rows } = await client.query<{ id: string; rateLimit: number }>(
        'SELECT "id", "rateLimit" FROM "Integrations"',
      );
      return new Map(rows.map(({ id, rateLimit }) => [Number(id), Number(rateLimit)]));
    },
    close: () => client.end(),
  };
}
