import { describe, expect, it } from 'vitest';
import { type BotLimits, type Send, simulateBot } from '../../bench/simulation/bot.ts';
import { type Arrival, arrivalsOf } from '../../bench/simulation/load.ts';

const LIMITS: BotLimits = {
  sendDelayMs: 1_000 / 30,
  chatDelayMs: 1_000,
  groupLimitPerMinute: 20,
  maxPending: Number.POSITIVE_INFINITY,
};
const HOUR_MS = 3_600_000;
/** Sums of fractions of a millisecond. */
const ROUNDING_MS = 1e-6;

function run(
  arrivals: Iterable<Arrival>,
  options: { limits?: Partial<BotLimits>; groups?: readonly number[]; untilMs?: number } = {},
) {
  const sends: Send[] = [];
  const result = simulateBot({
    arrivals: arrivals[Symbol.iterator]() as Iterator<Arrival, undefined>,
    isGroup: (chat) => options.groups?.includes(chat) ?? false,
    limits: { ...LIMITS, ...options.limits },
    untilMs: options.untilMs ?? HOUR_MS,
    onSend: (send) => sends.push(send),
  });
  return { result, sends, ofChat: (chat: number) => sends.filter((send) => send.chat === chat) };
}

/** More than the bot can send, for busy and for quiet chats, one of three a group. */
function busyMinutes(seed = 1): Generator<Arrival, undefined> {
  const chats = Array.from({ length: 60 }, (_, chat) => chat);
  return arrivalsOf({ seed, chats, rates: chats.map((chat) => 8 / (chat + 1)), untilMs: 120_000 });
}
const GROUPS = Array.from({ length: 20 }, (_, index) => index * 3);

const burst = (chat: number, count: number, at = 0): Arrival[] =>
  Array.from({ length: count }, () => ({ at, chat }));

describe('a simulated bot', () => {
  it('loses and invents nothing: what arrived was sent, refused, or waits', () => {
    for (const untilMs of [1_000, 60_000, HOUR_MS]) {
      const { result, sends } = run(busyMinutes(), { groups: GROUPS, limits: { maxPending: 50 }, untilMs });
      expect(result.arrived).toBe(result.sent + result.refused + result.waiting);
      expect(result.sent).toBe(sends.length);
    }
    const { result } = run(busyMinutes(), { groups: GROUPS });
    expect(result).toMatchObject({ refused: 0, waiting: 0 });
    expect(result.sent).toBe([...busyMinutes()].length);
  });

  it('never sends faster than the bot may', () => {
    const { sends } = run(busyMinutes(), { groups: GROUPS });
    const gaps = sends.slice(1).map((send, index) => send.sentAt - (sends[index]?.sentAt ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(LIMITS.sendDelayMs - ROUNDING_MS);
  });

  it('never sends more often to a chat than once a second, nor to a group than 20 times in any minute', () => {
    const { ofChat } = run(busyMinutes(), { groups: GROUPS });
    for (let chat = 0; chat < 60; chat += 1) {
      const times = ofChat(chat).map((send) => send.sentAt);
      times.slice(1).forEach((time, index) => {
        expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(1_000 - ROUNDING_MS);
      });
      if (!GROUPS.includes(chat)) continue;
      times.slice(20).forEach((time, index) => {
        expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(60_000 - ROUNDING_MS);
      });
    }
    // The limits were felt: else this test says nothing.
    expect(ofChat(0).length).toBeGreaterThan(100);
  });

  it('keeps the order within each chat', () => {
    const { ofChat } = run(busyMinutes(), { groups: GROUPS });
    for (let chat = 0; chat < 60; chat += 1) {
      const arrivals = ofChat(chat).map((send) => send.arrivedAt);
      expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
    }
  });

  it('lets no busy chat keep a quiet one waiting: one turn of each chat that waits, and it is sent', () => {
    const loud = Array.from({ length: 50 }, (_, chat) => burst(chat, 100)).flat();
    const { ofChat, sends } = run([...loud, { at: 10_000, chat: 99 }], { limits: { chatDelayMs: 0 } });
    const [quiet] = ofChat(99);
    const wait = (quiet?.sentAt ?? 0) - 10_000;
    expect(wait).toBeLessThanOrEqual((50 + 1) * LIMITS.sendDelayMs + ROUNDING_MS);
    // First in, first out it would have waited for all the others.
    expect(sends.at(-1)?.sentAt).toBeGreaterThan(100_000);
  });

  it('shares the bot evenly between chats that always have something to send', () => {
    const { sends } = run([...burst(0, 400), ...burst(1, 100), ...burst(2, 100)], {
      limits: { chatDelayMs: 0 },
    });
    const counts = [0, 1, 2].map((chat) => sends.slice(0, 150).filter((send) => send.chat === chat).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });

  it('goes on with other chats while one may not be sent to', () => {
    const { sends } = run([...burst(0, 3), ...burst(1, 3)]);
    expect(sends.map((send) => Math.round(send.sentAt))).toEqual([0, 33, 1_000, 1_033, 2_000, 2_033]);
  });

  it('refuses what is above the cap, and only that', () => {
    const { result } = run(burst(0, 700), { limits: { maxPending: 500 } });
    expect(result).toMatchObject({ arrived: 700, sent: 500, refused: 200, deepest: 500 });
  });

  it("tells the chat's own part of a wait from the bot's", () => {
    const { sends } = run([...burst(0, 2), ...burst(1, 1)], { limits: { sendDelayMs: 5_000 } });
    expect(sends).toEqual([
      { chat: 0, arrivedAt: 0, sentAt: 0, chatReadyAt: 0 },
      { chat: 1, arrivedAt: 0, sentAt: 5_000, chatReadyAt: 0 },
      { chat: 0, arrivedAt: 0, sentAt: 10_000, chatReadyAt: 1_000 },
    ]);
  });

  it('gives the same sends for the same seed, and others for another', () => {
    const sends = (seed: number) => run(busyMinutes(seed), { groups: GROUPS }).sends;
    expect(sends(7)).toEqual(sends(7));
    expect(sends(7)).not.toEqual(sends(8));
  });
});
