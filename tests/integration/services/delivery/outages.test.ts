import { describe, expect, it } from 'vitest';
import { runScenario, type Scenario } from '../../../chaos/scenario.ts';
import { floodRestart } from '../../../chaos/scenarios/flood.ts';
import { telegramDown } from '../../../chaos/scenarios/outage.ts';
import { redisKill } from '../../../chaos/scenarios/redis-kill.ts';

const SCENARIOS: readonly [string, Scenario][] = [
  ['Redis is killed with -9 twice under load', redisKill(2, { chats: 6, everyMs: 200 })],
  ['Telegram cannot be reached for 3 s', telegramDown(3, { chats: 4, everyMs: 200 })],
  ['a flood wait is still going on when the worker is killed and started again', floodRestart(5)],
];

/** The short version of `npm run chaos` (docs/reliability.md), on real processes; at the same time, since they mostly wait. */
describe('every accepted alert is accounted for, none arrives twice, and all goes on by itself, when', () => {
  it.concurrent.each(SCENARIOS)('%s', { timeout: 120_000 }, async (_, scenario) => {
    const report = await runScenario(scenario, 5);
    expect(report.violations).toEqual([]);
    expect(report.balance?.accepted).toBeGreaterThan(5);
  });
});
