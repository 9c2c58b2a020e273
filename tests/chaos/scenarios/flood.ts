import { pause } from '../../../src/async/pause.ts';
import { tooManyRequestsAnswer } from '../../../src/sandbox/bot-api-double.ts';
import { sends } from '../audit.ts';
import type { Rig } from '../rig.ts';
import type { Context, Scenario } from '../scenario.ts';

/** What timers and the way of an answer may add, in ms. */
const MARGIN_MS = 50;

/** 429s: the chat waits alone; two chats within seconds mean the whole bot. Nothing is lost, nothing loses its place. */
export const floodStorm: Scenario = {
  name: 'flood-storm',
  rounds: 3,
  rig: { chats: 8 },
  async run({ rig, check, expect, figure }) {
    const [one, other, ...rest] = rig.chats;
    if (one === undefined || other === undefined) throw new Error('not enough chats');
    const stop = rig.sender.load(rig.chats, 250);

    await pause(500);
    const first = now();
    rig.double.fault({ method: 'sendMessage', chatId: one.chatId, action: tooManyRequestsAnswer(3) });
    const alone = await refusedAt(rig, one.chatId, first);
    await pause(2_500);
    expect(
      between(rig, alone, alone + 3_000 - MARGIN_MS, one.chatId) === 0,
      'a chat was sent to in its wait',
    );
    expect(between(rig, alone, alone + 2_000) > 3, 'one chat in a flood wait stopped the others');

    await pause(6_000);
    const second = now();
    for (const { chatId } of [one, other])
      rig.double.fault({ method: 'sendMessage', chatId, action: tooManyRequestsAnswer(3) });
    const both = Math.max(
      await refusedAt(rig, one.chatId, second),
      await refusedAt(rig, other.chatId, second),
    );
    await pause(3_500);
    expect(between(rig, both, both + 3_000 - MARGIN_MS) === 0, 'the bot was not paused');
    expect(between(rig, both + 3_000 - MARGIN_MS, both + 6_000) > 0, 'the bot did not go on');

    // A storm: every chat is told to wait, several times.
    for (const { chatId } of [one, other, ...rest])
      rig.double.fault({ method: 'sendMessage', chatId, times: 3, action: tooManyRequestsAnswer(1) });
    await pause(6_000);
    await stop();
    figure('drain ms', await rig.drain());
    figure('429 answers', sends(rig.double).filter((call) => call.status === 429).length);
    const { counts, accepted } = await check('at the end', { idle: true, drained: true });
    expect(counts.delivered === accepted, `${counts.delivered} of ${accepted} delivered`);
  },
};

/** A `retry_after` outlives the worker: for one chat, and for the whole bot. */
export function floodRestart(seconds: number): Scenario {
  return {
    name: 'flood-restart',
    rounds: 2,
    rig: { chats: 3 },
    async run(context) {
      const { rig, check, expect } = context;
      const [one, other, third] = rig.chats;
      if (one === undefined || other === undefined || third === undefined)
        throw new Error('not enough chats');
      const ids = [one.chatId];
      await waitOut(context, seconds, ids, async (at) => {
        await rig.sender.post(third);
        const leftMs = at + seconds * 1_000 - now();
        // On a busy machine the worker may have needed the whole wait for its start.
        if (leftMs < 1_000) return;
        await pause(leftMs - 100);
        expect(between(rig, at, now(), third.chatId) > 0, 'another chat had to wait, too');
      });
      // Chats that are told to wait within 5 s of each other mean the bot.
      await pause(5_500);
      await waitOut(context, seconds, [one.chatId, other.chatId], async () => {
        await rig.sender.post(third);
        ids.push(other.chatId, third.chatId);
      });
      await rig.drain();
      const { counts, accepted } = await check('at the end', { idle: true, drained: true });
      expect(counts.delivered === accepted, `${counts.delivered} of ${accepted} delivered`);
    },
  };
}

/** The chats answer 429, the worker is killed and started again: no send to them before the time is over. */
async function waitOut(
  { rig, expect, figure }: Context,
  seconds: number,
  chatIds: readonly number[],
  meanwhile: (at: number) => Promise<void>,
): Promise<void> {
  const began = now();
  for (const chatId of chatIds)
    rig.double.fault({ method: 'sendMessage', chatId, action: tooManyRequestsAnswer(seconds) });
  const waiting = rig.chats.filter((chat) => chatIds.includes(chat.chatId));
  for (const chat of [...waiting, ...waiting, ...waiting]) await rig.sender.post(chat);
  let at = 0;
  for (const chatId of chatIds) at = Math.max(at, await refusedAt(rig, chatId, began));
  // A kill in the middle of a send would cost that alert its certainty, which is another scenario's.
  while ([...(await rig.ledger.rows()).values()].some(({ status }) => status === 'sending')) await pause(50);
  await rig.worker.kill9();
  await rig.worker.restart();
  await meanwhile(at);
  await rig.drain();
  const all = chatIds.length > 1;
  const first = sends(rig.double).find(
    (call) => call.at > at && call.status === 200 && (all || chatIds.includes(call.chatId ?? 0)),
  );
  const waited = Math.round((first?.at ?? 0) - at);
  figure(`sent again after ms, of ${seconds * 1_000} (${all ? 'bot' : 'chat'})`, waited);
  expect(waited >= seconds * 1_000 - MARGIN_MS, `sent ${waited} ms after a retry_after of ${seconds} s`);
}

/** When the chat's newest 429 since `from` was answered; waits for one that is still to come. */
async function refusedAt(rig: Rig, chatId: number, from: number): Promise<number> {
  const began = now();
  for (;;) {
    const call = sends(rig.double).findLast(
      (one) => one.chatId === chatId && one.status === 429 && one.at > from,
    );
    if (call !== undefined) return call.at;
    // A busy machine gets its time.
    if (now() - began > 60_000) throw new Error('no 429 was met');
    await pause(10);
  }
}

/** Epoch milliseconds on the double's clock. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Calls that arrived after `from` and before `to`. */
function between(rig: Rig, from: number, to: number, chatId?: number): number {
  return sends(rig.double).filter(
    (call) => call.at > from && call.at < to && (chatId === undefined || call.chatId === chatId),
  ).length;
}
