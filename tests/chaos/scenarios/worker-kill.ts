import { pause } from '../../../src/async/pause.ts';
import type { Scenario } from '../scenario.ts';

/** Longest time that a worker runs before it is killed, in ms: some rounds hit it while it starts to send. */
const LIFE_MS = 900;

/** `kill -9` of the worker at random moments under load; then everything must end by itself. */
export function workerKill(rounds: number, options = { chats: 60, everyMs: 3_000 }): Scenario {
  return {
    name: 'worker-kill',
    rounds,
    // Several sends in flight, so that a kill meets more than one.
    rig: { chats: options.chats, env: { WORKER_CONCURRENCY: '3' } },
    async run({ rig, random, check, figure }) {
      // Telegram takes its time: most kills meet a call that is on its way.
      rig.double.fault({ method: 'sendMessage', times: 'always', delayMs: 15 });
      const stop = rig.sender.load(rig.chats, options.everyMs);
      for (let round = 1; round <= rounds; round += 1) {
        await pause(random() * LIFE_MS);
        await rig.worker.kill9();
        await check(`round ${round}`, { idle: false });
        await rig.worker.restart();
      }
      await stop();
      figure('drain ms', await rig.drain());
      const { uncertainWithinMs } = await check('at the end', { idle: true, drained: true });
      figure('uncertain within ms', uncertainWithinMs);
    },
  };
}
