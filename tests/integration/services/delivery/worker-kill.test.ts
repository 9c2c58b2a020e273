import { describe, expect, it } from 'vitest';
import { runScenario } from '../../../chaos/scenario.ts';
import { workerKill } from '../../../chaos/scenarios/worker-kill.ts';

/** The short version of `npm run chaos` (docs/reliability.md), on real processes. */
describe('a worker that is killed with -9 at random moments under load', () => {
  it('loses nothing and doubles nothing, five times', { timeout: 300_000 }, async () => {
    const report = await runScenario(workerKill(5, { chats: 20, everyMs: 500 }), 5);
    expect(report.violations).toEqual([]);
    expect(report.balance?.counts.delivered).toBeGreaterThan(50);
  });
});
