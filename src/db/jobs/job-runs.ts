import type { JobName } from '../../domain/jobs.ts';
import type { JobRuns } from '../../services/ports/jobs.ts';
import type { Database } from '../engine/connect.ts';
import { createSession } from '../engine/session.ts';
import type { Statement } from '../engine/statement.ts';
import { QUOTA_RESET } from '../integrations/quota-resets.ts';

/** The slot of the one row of a job that says when it last succeeded: other slots are runs that were marked once. */
const LAST_SUCCESS = 'last success';

const upsert = (name: string, slot: string, ranAt: string) => `
  INSERT INTO "JobRuns" ("name", "slot", "ranAt") VALUES (${name}, ${slot}, ${ranAt})
  ON CONFLICT ("name", "slot") DO UPDATE SET "ranAt" = excluded."ranAt"`;

/** name, slot, ranAt */
export const SET_JOB_RUN: Statement = {
  name: 'set-job-run',
  sqlite: upsert('?', '?', '?'),
  postgres: upsert('$1', '$2', '$3'),
};

const history = (quotaReset: string, lastSuccess: string) => `
  SELECT "name", min("ranAt") AS "first", max(CASE WHEN "position" IS NULL THEN "ranAt" END) AS "last" FROM "JobRuns"
  WHERE "name" = ${quotaReset} OR "slot" = ${lastSuccess} GROUP BY "name"`;

const HISTORY: Statement = {
  name: 'job-history',
  sqlite: history('?', '?'),
  postgres: history('$1', '$2'),
};

/** A row per job. */
interface Run {
  readonly name: string;
  readonly first: number;
  readonly last: number | null;
}

export function createJobRuns(db: Pick<Database, 'knex' | 'dialect'>): JobRuns {
  const session = createSession(db);
  return {
    async succeeded(job, now) {
      await session.run(SET_JOB_RUN, job, LAST_SUCCESS, now);
    },
    async history() {
      // The statement selects exactly these columns.
      const runs = (await session.run(HISTORY, QUOTA_RESET, LAST_SUCCESS)) as unknown as Run[];
      const lastOf = (name: string) => runs.find((run) => run.name === name)?.last ?? undefined;
      const successes: [JobName, number | undefined][] = [
        // A fresh database is marked as reset, so that the first of these marks is the installation's.
        ['reset-quotas', lastOf(QUOTA_RESET)],
        ['backup', lastOf('backup')],
        ['upkeep', lastOf('upkeep')],
      ];
      return {
        installedAt: runs.find((run) => run.name === QUOTA_RESET)?.first,
        lastSuccess: Object.fromEntries(successes.filter(([, at]) => at !== undefined)),
      };
    },
  };
}
