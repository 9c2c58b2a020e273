import { createAlertLedger } from '../../../src/db/alert-ledger.ts';
import { connectDatabase } from '../../../src/db/connect.ts';
import { createIntegrationRepository } from '../../../src/db/integration-repository.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { DAY_MS, NOW } from './databases.ts';
import { newAlert } from './new-alert.ts';

/**
 * A process of its own, started several times at once by processes.test.ts: migrates, waits for the word, then
 * accepts on integration 1, resets a slot, and says what came of it.
 */
const url = process.argv[2] ?? '';
const prefix = process.argv[3] ?? '';
const db = await connectDatabase({ url });
const migrated = await migrate(db);
process.send?.({ migrated: migrated.length });
await new Promise((resolve) => process.once('message', resolve));

const ledger = createAlertLedger(db, { idempotencyWindowMs: DAY_MS });
const results = [];
for (let round = 0; round < 5; round += 1) {
  const calls = Array.from({ length: 10 }, (_, index) =>
    ledger.accept(newAlert(1, { id: `${prefix}-${round}-${index}` })),
  );
  results.push(...(await Promise.all(calls)));
}
const reset = await createIntegrationRepository(db).resetQuotas('2026-11-25', NOW);
await db.close();
process.send?.({ accepted: results.filter(({ kind }) => kind === 'accepted').length, reset });
process.disconnect?.();
