import { describe, expect, it } from 'vitest';
import { runScenario } from '../../../chaos/scenario.ts';
import { workerKill } from '../../../chaos/scenarios/worker-kill.ts';

/** The short version of `npm run chaos -- --only=worker-kill` (docs/reliability.md: a hundred kills), on real processes. */
describe('a worker that is killed with -9 at random moments under load', () => {
  it('loses nothing and doubles nothing, three times', { timeout: 300_000 }, async () => {
    const report = await runScenario(workerKill(3, { chats: 10, everyMs: 400 }), 5);
    expect(report.violations).toEqual([]);
    expect(report.balance?.counts.delivered).toBeGreaterThan(50);
  });
});
