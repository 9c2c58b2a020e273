import { createGroup } from '../../async/batch.ts';
import type { Session } from '../engine/session.ts';
import { DELETE_QUEUED, GIVE_UNITS, LAST_RUN, LOCK_INTEGRATIONS } from '../hot-statements.ts';
import { QUOTA_RESET } from '../integrations/quota-resets.ts';

interface Withdrawal {
  readonly id: string;
  readonly integrationId: number;
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
        const rows = (await run(DELETE_QUEUED, JSON.stringify(withdrawals))) as unknown as (Withdrawal & {
          createdAt: number;
        })[];
        if (rows.length === 0) return [];
        const [last] = await run(LAST_RUN, QUOTA_RESET);
        const resetAt = typeof last?.ranAt === 'number' ? last.ranAt : Number.NEGATIVE_INFINITY;
        const units = new Map<number, number>();
        for (const row of rows) {
          // A unit of a day that has been reset since was given back by the reset.
          if (row.createdAt >= resetAt) units.set(row.integrationId, (units.get(row.integrationId) ?? 0) + 1);
        }
        const given = [...units].map(([integrationId, count]) => ({ integrationId, units: count }));
        if (given.length > 0) await run(GIVE_UNITS, JSON.stringify(given));
        return rows;
      });
      const left = new Set(deleted.map((row) => row.id));
      // `delete` is true once: of two withdrawals of the same entry the second did nothing.
      return withdrawals.map(({ id }) => ({ ok: true, value: left.delete(id) }) as const);
    },
    { maxItems: MAX_BATCH },
  );
}
