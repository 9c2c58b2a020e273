import { JOB_NAMES, type JobName } from '../../domain/jobs.ts';
import type { JobRuns } from '../../services/ports/jobs.ts';
import type { Database } from '../engine/connect.ts';
import { createSession } from '../engine/session.ts';
import type { Statement } from '../engine/statement.ts';
import { QUOTA_RESET } from '../integrations/quota-resets.ts';

/** The slots of the rows of a job that say when it last succeeded and failed: other slots are runs that were marked once. */
const LAST_SUCCESS = 'last success';
const LAST_FAILURE = 'last failure';

const upsert = (name: string, slot: string, ranAt: string, bytes: string) => `
  INSERT INTO "JobRuns" ("name", "slot", "ranAt", "bytes") VALUES (${name}, ${slot}, ${ranAt}, ${bytes})
  ON CONFLICT ("name", "slot") DO UPDATE SET "ranAt" = excluded."ranAt", "bytes" = excluded."bytes"`;

/** name, slot, ranAt, bytes */
export const SET_JOB_RUN: Statement = {
  name: 'set-job-run',
  sqlite: upsert('?', '?', '?', '?'),
  postgres: upsert('$1', '$2', '$3', '$4'),
};

/** A reset's slots are many; of the other jobs there are two rows. */
const history = (quotaReset: string, lastSuccess: string, lastFailure: string) => `
  SELECT "name", CASE WHEN "slot" = ${lastFailure} THEN 1 ELSE 0 END AS "failed", min("ranAt") AS "first",
    max(CASE WHEN "position" IS NULL THEN "ranAt" END) AS "last", max("bytes") AS "bytes" FROM "JobRuns"
  WHERE "name" = ${quotaReset} OR "slot" IN (${lastSuccess}, ${lastFailure}) GROUP BY 1, 2`;

const HISTORY: Statement = {
  name: 'job-history',
  sqlite: history('?2', '?1', '?3'),
  postgres: history('$2', '$1', '$3'),
};

/** A job's successes, or its last failure. */
interface Run {
  readonly name: string;
  readonly failed: 0 | 1;
  readonly first: number;
  readonly last: number | null;
  readonly bytes: number | null;
}

/** How each job's successes are named here. A fresh database is marked as reset: that mark is the installation's. */
const NAMES: Readonly<Record<JobName, string>> = {
  'reset-quotas': QUOTA_RESET,
  backup: 'backup',
  upkeep: 'upkeep',
};

export function createJobRuns(db: Pick<Database, 'knex' | 'dialect'>): JobRuns {
  const session = createSession(db);
  return {
    async succeeded(job, now, bytes) {
      await session.run(SET_JOB_RUN, job, LAST_SUCCESS, now, bytes ?? null);
    },
    async failed(job, now) {
      await session.run(SET_JOB_RUN, job, LAST_FAILURE, now, null);
    },
    async history() {
      // The statement selects exactly these columns.
      const runs = (await session.run(HISTORY, LAST_SUCCESS, QUOTA_RESET, LAST_FAILURE)) as unknown as Run[];
      const find = (name: string, failed: 0 | 1) =>
        runs.find((run) => run.name === name && run.failed === failed);
      const last = (failed: 0 | 1) =>
        Object.fromEntries(
          JOB_NAMES.flatMap((job) => {
            const at = find(failed === 1 ? job : NAMES[job], failed)?.last ?? undefined;
            return at === undefined ? [] : [[job, at] as const];
          }),
        );
      return {
        installedAt: find(QUOTA_RESET, 0)?.first,
        lastSuccess: last(0),
        lastFailure: last(1),
        backupBytes: find('backup', 0)?.bytes ?? undefined,
      };
    },
  };
}
