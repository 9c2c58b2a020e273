import { expect, it } from 'vitest';
import { runScenario } from '../../../chaos/scenario.ts';
import { soak } from '../../../chaos/scenarios/soak.ts';

/** `npm run chaos -- --only=soak` does it for ten minutes, with all troubles (docs/reliability.md). */
it('the soak runs and finds nothing: a database that is locked for 5 s among greedy and hostile senders', {
  timeout: 180_000,
}, async () => {
  const report = await runScenario(soak(0.12, { chats: 6, everyMs: 500, troubles: [[0.1, 'locked']] }), 5);
  expect(report.violations).toEqual([]);
  expect(report.balance?.counts.delivered).toBeGreaterThan(5);
  // All of it took part.
  expect(report.figures).toMatchObject({ 'calls to the throttled chat': 1 });
  expect(report.figures['greedy was told']).toMatch(/\S/);
  expect(report.figures['attacks were told']).toMatch(/\S/);
});
