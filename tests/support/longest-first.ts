import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, 15 s and more of a run with four workers. One that mostly waits, one that computes: side by side
 * they leave no processor idle.
 * Vitest knows durations from an earlier run alone: a fresh clone begins with the files of most bytes, and comes to these last,
 * one worker at the longest and the others idle.
 */
const LONGEST = [
  'tests/e2e/health.test.ts',
  'tests/e2e/browser.test.ts',
  'tests/integration/services/delivery/outages.test.ts',
  'tests/integration/redis/multi-process.test.ts',
  'tests/integration/services/incidents/kills.test.ts',
  'tests/e2e/shutdown.test.ts',
  'tests/integration/services/delivery/worker-kill.test.ts',
  'tests/e2e/npm-start.test.ts',
  'tests/integration/redis/failover.test.ts',
  'tests/integration/admin/board/board-browser.test.ts',
  'tests/e2e/restore.test.ts',
  'tests/e2e/two-installations.test.ts',
  'tests/integration/db/contract.test.ts',
  'tests/integration/app/restore.test.ts',
  'tests/e2e/incidents.test.ts',
  'tests/integration/services/delivery/soak.test.ts',
  'tests/e2e/commands.test.ts',
  'tests/integration/queue/clock-set-back-jobs.test.ts',
  'tests/integration/db/dump.test.ts',
  'tests/e2e/crash.test.ts',
  'tests/integration/redis/service.test.ts',
  'tests/e2e/environment.test.ts',
  'tests/e2e/senders.test.ts',
  'tests/integration/redis/topologies.test.ts',
  'tests/e2e/proxy.test.ts',
  'tests/integration/queue/our-keys.test.ts',
  'tests/integration/services/incidents/acknowledge.test.ts',
  'tests/integration/db/processes.test.ts',
  'tests/unit/telegram/render/render-cost.test.ts',
].map((path) => fileURLToPath(new URL(`../../${path}`, import.meta.url)));

/** Test files in the order in which a run of several workers ends soonest. @throws Error when one of {@link LONGEST} is gone */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const gone = LONGEST.filter((path) => !existsSync(path));
    if (gone.length > 0) throw new Error(`not there any more: ${gone.join(', ')}`);
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.indexOf(moduleId);
      return place < 0 ? LONGEST.length : place;
    };
    // Equal ones stay in Vitest's own order.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
