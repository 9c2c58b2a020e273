import { expect, it } from 'vitest';
import { runCluster } from '../../cluster/run-cluster.ts';

/** `npm run chaos:cluster` does the same for two minutes with three of each. */
it('adds up when 2 api, 2 worker, 2 bot and a scheduler process start together, are killed at random and restarted', {
  timeout: 240_000,
}, async () => {
  const sizes = { api: 2, worker: 2, bot: 2, scheduler: 1 };
  const report = await runCluster({
    sizes,
    seconds: 6,
    seed: 1,
    sendEveryMs: 600,
    rolling: 'one of several',
  });
  expect(report.violations).toEqual([]);
  // It did what its title says.
  expect(report.fleet.kills).toBeGreaterThanOrEqual(4);
  expect(report.polls.takeovers).toBeGreaterThanOrEqual(1);
  expect(report.audit.accepted).toBeGreaterThan(50);
  expect(report.audit.counts.delivered).toBeGreaterThan(50);
});
