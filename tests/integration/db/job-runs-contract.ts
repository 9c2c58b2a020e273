import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/db/engine/connect.ts';
import { createIntegrationRepository } from '../../../src/db/integrations/integration-repository.ts';
import { createJobRuns } from '../../../src/db/jobs/job-runs.ts';
import { DAY_MS, NOW, type TestDatabases } from './databases.ts';

export function describeJobRuns(kind: TestDatabases): void {
  describe(`the runs of the jobs on ${kind.name}`, () => {
    let db: Database;
    beforeAll(async () => {
      db = await kind.open();
    });
    afterAll(() => db.close());

    it('are known to every process: the last success of each job, and the first mark of all', async () => {
      const [runs, others] = [createJobRuns(db), createJobRuns(db)];
      const integrations = createIntegrationRepository(db);
      expect(await runs.history()).toEqual({
        ...{ installedAt: undefined, lastSuccess: {}, lastFailure: {}, backupBytes: undefined },
      });
      await integrations.markQuotaReset('2026-11-24', NOW);
      await integrations.resetQuotas('2026-11-25', NOW + DAY_MS, 10);
      await runs.succeeded('upkeep', NOW + 1);
      await Promise.all([runs.succeeded('upkeep', NOW + 2), runs.succeeded('backup', NOW + 3, 4_096)]);
      await runs.failed('reset-quotas', NOW + 4);
      expect(await others.history()).toEqual({
        installedAt: NOW,
        lastSuccess: { 'reset-quotas': NOW + DAY_MS, upkeep: NOW + 2, backup: NOW + 3 },
        lastFailure: { 'reset-quotas': NOW + 4 },
        backupBytes: 4_096,
      });
      expect(await integrations.lastQuotaReset()).toBe('2026-11-25');
    });
  });
}
