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

/** What the database says about accepted alerts. */
export interface LedgerCounts {
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
  return {
    rows: await count(`SELECT count(*) AS n FROM "Alerts"`),
    queued: await count(`SELECT count(*) AS n FROM "Alerts" WHERE "status" = 'queued'`),
    delivered: await count(`SELECT count(*) AS n FROM "Alerts" WHERE "status" = 'delivered'`),
    units: await count(`SELECT sum("dailyLimit" - "rateLimit") AS n FROM "Integrations"`),
  };
}
