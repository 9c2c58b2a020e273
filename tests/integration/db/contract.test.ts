import { afterAll } from 'vitest';
import { describeChats } from './chats-contract.ts';
import { startDatabases } from './databases.ts';
import { describeIncidentRepository } from './incidents-contract.ts';
import { describeIntegrationRepository } from './integration-contract.ts';
import { describeJobRuns } from './job-runs-contract.ts';
import { describeKeys } from './keys-contract.ts';
import { describeAlertLedger } from './ledger-contract.ts';
import { describeLimits } from './limits-contract.ts';

const databases = await startDatabases();
afterAll(() => databases.stop());

for (const kind of databases.kinds) {
  describeIncidentRepository(kind);
  describeIntegrationRepository(kind);
  describeAlertLedger(kind);
  describeLimits(kind);
  describeJobRuns(kind);
  describeChats(kind);
  describeKeys(kind);
}
