import { pause } from '../../../src/async/pause.ts';
import { sends } from '../audit.ts';
import { muteTelegram } from '../faults.ts';
import type { Rig } from '../rig.ts';
import type { Scenario } from '../scenario.ts';

/** The breaker opens after 3 failures in a row; then only probes go out, at most every second at first. */
const TRIES_LIMIT = 4;

/** Nobody listens at Telegram's address: nothing is lost, few try, order is kept, and it goes on by itself. */
export function telegramDown(seconds: number, options = { chats: 10, everyMs: 500 }): Scenario {
  return {
    name: 'telegram-down',
    rounds: 1,
    rig: { chats: options.chats, env: { LOG_LEVEL: 'debug' } },
    async run({ rig, check, expect, figure }) {
      const stop = rig.sender.load(rig.chats, options.everyMs);
      await pause(1_000);
      const from = rig.worker.logs.length;
      await rig.double.goDown();
      await pause(seconds * 1_000);
      const tries = countPutBack(rig, from);
      expect(tries <= TRIES_LIMIT, `${tries} sends were tried while Telegram was down`);
      figure('sends tried while down', tries);
      await check('while down', { idle: false });
      const before = sends(rig.double).length;
      const back = performance.now();
      await rig.double.comeBack();
      while (sends(rig.double).length === before && performance.now() - back < 30_000) await pause(20);
      figure('first send after ms', Math.round(performance.now() - back));
      await stop();
      figure('drain ms', await rig.drain());
      const { counts, accepted } = await check('at the end', { idle: true, drained: true });
      // A call that was on its way when Telegram vanished may have arrived.
      expect(counts.uncertain <= 1, `${counts.uncertain} uncertain`);
      expect(counts.delivered + counts.uncertain === accepted, 'not all were delivered');
    },
  };
}

function countPutBack(rig: Rig, from: number): number {
  return rig.worker.logs.slice(from).filter((line) => line.reason === 'telegram_unreachable').length;
}

/** Telegram accepts connections and never answers: only the first few alerts may become uncertain. */
export function telegramMute(seconds: number, options = { chats: 4, everyMs: 1_000 }): Scenario {
  return {
    name: 'telegram-mute',
    rounds: 1,
    rig: { chats: options.chats },
    async run({ rig, check, expect, figure }) {
      const stop = rig.sender.load(rig.chats, options.everyMs);
      await pause(1_000);
      figure('connections while mute (bot included)', await muteTelegram(rig, seconds * 1_000));
      await stop();
      figure('drain ms', await rig.drain());
      const { counts, accepted } = await check('at the end', { idle: true, drained: true });
      // 3 open the circuit; one more may have been on its way when Telegram vanished, one when it came back.
      expect(counts.uncertain <= 5, `${counts.uncertain} uncertain`);
      expect(counts.delivered + counts.uncertain === accepted, 'not all ended as delivered or uncertain');
    },
  };
}
