import { once } from 'node:events';
import { parseDatabaseUrl } from '../../../src/config/database-url.ts';
import { createAlertLedger } from '../../../src/db/alerts/alert-ledger.ts';
import { connectDatabase } from '../../../src/db/engine/connect.ts';
import { migrate } from '../../../src/db/engine/migrate.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import { DAY_MS, NOW, newAlert } from './databases.ts';

/**
 * A process of its own, of which processes.test.ts starts several at once. Each step is answered with a message, and
 * the next one waits for one: migrate; accept 50 alerts for integration 1; reset the quotas for a slot.
 */
const [url = '', prefix = ''] = process.argv.slice(2);
const db = await connectDatabase(parseDatabaseUrl(url));
const migrated = await migrate(db);
await answer({ migrated: migrated.length });

const ledger = createAlertLedger(db, { idempotencyWindowMs: DAY_MS });
let accepted = 0;
for (let round = 0; round < 5; round += 1) {
  const calls = Array.from({ length: 10 }, (_, index) =>
    ledger.accept(newAlert(1, { id: `${prefix}-${round}-${index}` })),
  );
  accepted += (await Promise.all(calls)).filter(({ kind }) => kind === 'accepted').length;
}
await answer({ accepted });

const reset = await createIntegrationRepository(db).resetQuotas('2026-11-25', NOW, 10);
await answer({ reset: reset ?? null });
await db.close();
process.disconnect?.();

async function answer(message: object): Promise<void> {
  const next = once(process, 'message');
  process.send?.(message);
  await next;
}
