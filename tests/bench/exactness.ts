import type { Database } from '../../src/db/engine/connect.ts';

/** A benchmark that lost, doubled or let through an alert: its speed counts for nothing. */
export class InexactError extends Error {
  override readonly name = 'InexactError';
}

/** Counts that must be one and the same number. @throws InexactError with all of them */
export function mustEqual(what: string, counts: Readonly<Record<string, number>>): void {
  if (new Set(Object.values(counts)).size <= 1) return;
  const list = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  throw new InexactError(`${what}: ${list.join(', ')}`);
}

/** What the database says about accepted alerts, not counting `notices`: messages that the service sends by itself. */
export interface LedgerCounts {
  readonly notices: number;
  readonly rows: number;
  readonly queued: number;
  readonly delivered: number;
  /** Quota units that are gone, over all integrations. */
  readonly units: number;
}

export async function readLedger(db: Database): Promise<LedgerCounts> {
  const count = async (sql: string): Promise<number> => {
    // Each statement below answers one row with this one column; SQLite's driver gives whole numbers.
    const rows = (await db.knex.raw(sql)) as { n: number | null }[];
    return rows[0]?.n ?? 0;
  };
  const entries = (which: string) => count(`SELECT count(*) AS n FROM "Alerts" WHERE ${which}`);
  return {
    notices: await entries('"notice" = 1'),
    rows: await entries('"notice" = 0'),
    queued: await entries(`"notice" = 0 AND "status" = 'queued'`),
    delivered: await entries(`"notice" = 0 AND "status" = 'delivered'`),
    units: await count(`SELECT sum("dailyLimit" - "rateLimit") AS n FROM "Integrations"`),
  };
}
