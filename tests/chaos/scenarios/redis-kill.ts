import { pause } from '../../../src/async/pause.ts';
import type { Scenario } from '../scenario.ts';

const AWAY_MS = 1_500;
const BETWEEN_MS = 2_000;
/** An add must be answered within 1.5 s; this much more for a busy machine and its database, in ms. */
const ANSWER_LIMIT_MS = 5_000;

/** `kill -9` of redis-server under load; senders get a true 503 meanwhile, and everything goes on by itself. */
export function redisKill(rounds: number, options = { chats: 20, everyMs: 500 }): Scenario {
  return {
    name: 'redis-kill',
    rounds,
    rig: { chats: options.chats },
    async run({ rig, random, check, expect, figure }) {
      const stop = rig.sender.load(rig.chats, options.everyMs);
      for (let round = 1; round <= rounds; round += 1) {
        await pause(random() * BETWEEN_MS);
        await rig.redis.kill9();
        await pause(random() * AWAY_MS);
        await check(`round ${round}`, { idle: false });
        await rig.redis.restart();
      }
      await pause(BETWEEN_MS);
      await stop();
      figure('drain ms', await rig.drain());
      const found = await check('at the end', { idle: true, drained: true });
      const codes = new Set(rig.sender.posted.flatMap((one) => one.code ?? []));
      expect(
        [...codes].every((code) => code === 'queue_unavailable'),
        `codes of refusals: ${[...codes]}`,
      );
      const slowest = Math.max(...rig.sender.posted.map((one) => one.tookMs));
      figure('slowest answer ms', Math.round(slowest));
      expect(slowest < ANSWER_LIMIT_MS, `an answer took ${Math.round(slowest)} ms`);
      const lost = [...(await rig.ledger.rows()).values()].filter((row) => row.reason === 'lost').length;
      figure('failed as lost', lost);
      figure('uncertain within ms', found.uncertainWithinMs);
    },
  };
}

/** Redis is frozen (SIGSTOP) for 3 s while senders post: what they are refused must never arrive later. */
export function redisFreeze(rounds: number, options = { chats: 20, everyMs: 250 }): Scenario {
  return {
    name: 'redis-freeze',
    rounds,
    rig: { chats: options.chats },
    async run({ rig, random, check, expect, figure }) {
      const stop = rig.sender.load(rig.chats, options.everyMs);
      for (let round = 1; round <= rounds; round += 1) {
        await pause(500 + random() * 1_000);
        rig.redis.freeze();
        await pause(3_000);
        rig.redis.thaw();
        await check(`round ${round}`, { idle: false });
      }
      await pause(BETWEEN_MS);
      await stop();
      figure('drain ms', await rig.drain());
      const found = await check('at the end', { idle: true, drained: true });
      expect(found.refused > 0, 'no sender met the frozen Redis');
    },
  };
}
