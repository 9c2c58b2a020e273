import { expect, it } from 'vitest';
import { runScenario } from '../../../chaos/scenario.ts';
import { incidentKills } from '../../../chaos/scenarios/incidents.ts';

/** The short version of `npm run chaos -- --only=incidents` (docs/reliability.md), on real processes. */
it('incidents keep their counts and send nothing twice while workers and Redis are killed with -9', {
  timeout: 300_000,
}, async () => {
  const report = await runScenario(incidentKills(3, { chats: 4, everyMs: 120 }), 7);
  expect(report.violations).toEqual([]);
  expect(report.figures.edits).toBeGreaterThan(10);
});
