import { createGroup } from '../../async/batch.ts';
import type { FoundIntegration } from '../../services/ports/integrations.ts';
import type { Session } from '../engine/session.ts';
import { FIND_INTEGRATIONS } from '../hot-statements.ts';
import { type IntegrationRow, toIntegration } from '../models/integration-model.ts';

const MAX_BATCH = 1_000;

/** Look-ups by id: those of one event-loop turn, and those that arrive during a query, share one SELECT. */
export function createFindIntegration(
  session: Session,
): (id: number) => Promise<FoundIntegration | undefined> {
  const find = createGroup<number, FoundIntegration | undefined>(
    async (ids) => {
      // The statement selects exactly these columns.
      const rows = (await session.run(
        FIND_INTEGRATIONS,
        JSON.stringify([...new Set(ids)]),
      )) as unknown as (IntegrationRow & { readonly blockedAt: number | null })[];
      const found = new Map(
        rows.map((row) => [
          row.id,
          { ...toIntegration(row), ...(row.blockedAt === null ? {} : { isBlocked: true as const }) },
        ]),
      );
      return ids.map((id) => ({ ok: true, value: found.get(id) }));
    },
    { maxItems: MAX_BATCH },
  );
  // One id that is no number would spoil the query of all the others.
  return async (id) => (Number.isSafeInteger(id) ? find(id) : undefined);
}
