import type { Scenario } from './scenario.ts';
import { redisFreeze, redisKill } from './scenarios/redis-kill.ts';
import { workerKill } from './scenarios/worker-kill.ts';

/** Every scenario of `npm run chaos`, in the order in which they run. */
export function allScenarios(rounds: { worker: number; redis: number }): Scenario[] {
  return [workerKill(rounds.worker), redisKill(rounds.redis), redisFreeze(3)];
}
