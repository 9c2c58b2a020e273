import type { Scenario } from './scenario.ts';
import { completionFails } from './scenarios/completion.ts';
import { floodRestart, floodStorm } from './scenarios/flood.ts';
import { incidentKills } from './scenarios/incidents.ts';
import { telegramDown, telegramMute } from './scenarios/outage.ts';
import { partFails } from './scenarios/parts.ts';
import { redisFreeze, redisKill } from './scenarios/redis-kill.ts';
import { expired, repeats, revoked } from './scenarios/sender-side.ts';
import { soak } from './scenarios/soak.ts';
import { halted, taxonomy } from './scenarios/taxonomy.ts';
import { workerKill } from './scenarios/worker-kill.ts';

/** Every scenario of `npm run chaos`, in the order in which they run. */
export function allScenarios(rounds: { worker: number; redis: number; soakMinutes: number }): Scenario[] {
  return [
    taxonomy,
    halted,
    workerKill(rounds.worker),
    redisKill(rounds.redis),
    redisFreeze(3),
    incidentKills(rounds.redis),
    telegramDown(60),
    telegramMute(20),
    floodStorm,
    floodRestart(5),
    partFails,
    completionFails(3),
    expired,
    repeats(10),
    revoked,
    soak(rounds.soakMinutes),
  ];
}
