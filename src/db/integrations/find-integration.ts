import { createGroup } from '../../async/batch.ts';
import type { Integration } from '../../domain/integration.ts';
import type { Session } from '../engine/session.ts';
import { FIND_INTEGRATIONS } from '../hot-statements.ts';
import { type IntegrationRow, toIntegration } from '../models/integration-model.ts';

const MAX_BATCH = 1_000;

/** Look-ups by id: those of one event-loop turn, and those that arrive during a query, share one SELECT. */
export function createFindIntegration(session: Session): (id: number) => Promise<Integration | undefined> {
  const find = createGroup<number, Integration | undefined>(
    async (ids) => {
      // The statement selects exactly these columns.
      const rows = (await session.run(
        FIND_INTEGRATIONS,
        JSON.stringify([...new Set(ids)]),
      )) as unknown as IntegrationRow[];
      const found = new Map(rows.map((row) => [row.id, toIntegration(row)]));
      return ids.map((id) => ({ ok: true, value: found.get(id) }));
    },
    { maxItems: MAX_BATCH },
  );
  // One id that is no number would spoil the query of all the others.
  return async (id) => (Number.isSafeInteger(id) ? find(id) : undefined);
}
