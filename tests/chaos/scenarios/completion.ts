import { pause } from '../../../src/async/pause.ts';
import { ENDED } from '../../support/api-client.ts';
import { sends } from '../audit.ts';
import { lockDatabase } from '../faults.ts';
import type { Rig } from '../rig.ts';
import type { Scenario } from '../scenario.ts';
import { markIn } from '../sender.ts';

const LOCK_MS = 3_000;
const PATIENCE_MS = 60_000;

/** Telegram has answered ok, and this cannot be written: Redis dies, or the database is locked, in that moment. */
export function completionFails(rounds: number): Scenario {
  return {
    name: 'completion-fails',
    rounds: 2 * rounds,
    rig: { chats: 1 },
    async run({ rig, check, expect, figure }) {
      const [chat] = rig.chats;
      if (chat === undefined) throw new Error('no chat');
      let slowest = 0;
      for (let round = 1; round <= 2 * rounds; round += 1) {
        const mark = rig.sender.newMark();
        // The call takes a moment, so that the fault can begin while it is on its way.
        rig.double.fault({ method: 'sendMessage', text: `#${mark}#`, delayMs: 150 });
        const { id = '' } = await rig.sender.postUntilAccepted(chat, { mark });
        await called(rig, mark);
        if (round % 2 === 0) await redisDies(rig);
        else await lockDatabase(rig, LOCK_MS);
        const began = performance.now();
        const entry = await rig.api.api.waitForStatus(chat.token, id, ENDED, PATIENCE_MS);
        slowest = Math.max(slowest, performance.now() - began);
        expect(entry.status === 'delivered', `round ${round}: ${entry.status} ${entry.reason}`);
      }
      figure('known as delivered after ms', Math.round(slowest));
      await rig.drain();
      await check('at the end', { idle: true, drained: true });
    },
  };
}

async function redisDies(rig: Rig): Promise<void> {
  await rig.redis.kill9();
  await pause(1_000);
  await rig.redis.restart();
}

async function called(rig: Rig, mark: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!sends(rig.double).some((call) => markIn(call.payload.text) === mark)) {
    if (performance.now() > deadline) throw new Error(`#${mark}# was not sent`);
    await pause(5);
  }
}
