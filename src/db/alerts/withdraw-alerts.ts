import { createGroup } from '../../async/batch.ts';
import type { Session } from '../engine/session.ts';
import { DELETE_QUEUED, GIVE_UNITS, LOCK_INTEGRATIONS } from '../hot-statements.ts';

interface Withdrawal {
  readonly id: string;
  readonly integrationId: number;
}

interface Withdrawn extends Withdrawal {
  /** The integration's period that its unit was taken from; null: it took none. */
  readonly period: number | null;
}

/** As for accept: a full queue refuses as many alerts as it was offered. */
const MAX_BATCH = 256;

/** `withdraw` of the ledger, grouped like accept; see the port's docstring. */
export function createWithdraw(session: Session): (withdrawal: Withdrawal) => Promise<boolean> {
  return createGroup(
    async (withdrawals) => {
      const deleted = await session.transaction(async (run) => {
        // The same order of locks as accept and revoke: integrations first.
        const ids = [...new Set(withdrawals.map((one) => one.integrationId))];
        await run(LOCK_INTEGRATIONS, JSON.stringify(ids));
        // The statement returns exactly these columns.
        const rows = (await run(DELETE_QUEUED, JSON.stringify(withdrawals))) as unknown as Withdrawn[];
        const units = unitsOf(rows);
        if (units.length > 0) await run(GIVE_UNITS, JSON.stringify(units));
        return rows;
      });
      const left = new Set(deleted.map((row) => row.id));
      // `delete` is true once: of two withdrawals of the same entry the second did nothing.
      return withdrawals.map(({ id }) => ({ ok: true, value: left.delete(id) }) as const);
    },
    { maxItems: MAX_BATCH },
  );
}

interface Units {
  readonly integrationId: number;
  readonly period: number | null;
  readonly units: number;
}

/** The units to give back, of each integration and period. */
function unitsOf(rows: readonly Withdrawn[]): Units[] {
  const all = new Map<string, Units>();
  for (const { integrationId, period } of rows) {
    const key = `${integrationId} ${period}`;
    all.set(key, { integrationId, period, units: (all.get(key)?.units ?? 0) + 1 });
  }
  return [...all.values()];
}
