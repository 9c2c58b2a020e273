import { describe, expect, it } from 'vitest';
import { assign, STRATEGIES } from '../../bench/simulation/assignment.ts';
import { type FleetOptions, simulateFleet } from '../../bench/simulation/fleet.ts';
import { arrivalsOf, makeChats } from '../../bench/simulation/load.ts';
import { createSamples } from '../../bench/simulation/samples.ts';

const chats = makeChats({ seed: 3, count: 2_000, total: 100, exponent: 1, groupShare: 0.2 });

function fleet(options: Partial<FleetOptions> = {}) {
  return simulateFleet({
    seed: 3,
    chats,
    assignment: assign('least-loaded', chats.rates, 5),
    limits: { sendDelayMs: 1_000 / 30, chatDelayMs: 1_000, groupLimitPerMinute: 20, maxPending: Infinity },
    arriveMs: 60_000,
    untilMs: 3_600_000,
    sampleBots: 100,
    ...options,
  });
}

const sum = (values: Iterable<number>) => Array.from(values).reduce((total, value) => total + value, 0);

describe('the chats of a scenario', () => {
  it('get the wanted load in all, skewed, and none more than half of its own limit', () => {
    expect(sum(chats.rates)).toBeCloseTo(100, 3);
    chats.rates.forEach((rate, chat) => {
      expect(rate).toBeLessThanOrEqual(chats.isGroup[chat] === 1 ? 10 / 60 : 0.5);
    });
    // A tenth of the chats; evenly spread they would get 10.
    const sorted = [...chats.rates].sort((a, b) => b - a);
    expect(sum(sorted.slice(0, 200))).toBeGreaterThan(40);
  });

  it('cannot get more than they can take', () => {
    expect(() => makeChats({ seed: 3, count: 10, total: 100, exponent: 1, groupShare: 0 })).toThrow(
      RangeError,
    );
  });

  it('send as often as their rates say, and ten times as often in a storm', () => {
    const storm = { factor: 10, fromMs: 100_000, untilMs: 200_000 };
    const times = [...arrivalsOf({ seed: 5, chats: [0, 1], rates: [3, 7], untilMs: 300_000, storm })];
    const within = (from: number) => times.filter(({ at }) => at >= from && at < from + 100_000).length;
    // 1,000, 10,000 and 1,000 expected; five standard deviations.
    expect(Math.abs(within(0) - 1_000)).toBeLessThan(160);
    expect(Math.abs(within(100_000) - 10_000)).toBeLessThan(500);
    expect(Math.abs(within(200_000) - 1_000)).toBeLessThan(160);
    expect(times.filter(({ chat }) => chat === 1).length / times.length).toBeCloseTo(0.7, 1);
  });
});

describe('an assignment of chats to bots', () => {
  it.each(STRATEGIES)('by %s gives every chat one bot and accounts for its whole load', (strategy) => {
    const { botOf, loads } = assign(strategy, chats.rates, 5);
    const counted = [0, 0, 0, 0, 0];
    botOf.forEach((bot, chat) => {
      counted[bot] = (counted[bot] ?? Number.NaN) + (chats.rates[chat] ?? 0);
    });
    counted.forEach((load, bot) => {
      expect(loads[bot]).toBeCloseTo(load, 9);
    });
  });

  it('is most even by load, and with bounded loads never far above the bound', () => {
    const busiest = Object.fromEntries(
      STRATEGIES.map((strategy) => [
        strategy,
        Math.max(...assign(strategy, chats.rates, 20).loads) / (100 / 20),
      ]),
    );
    expect(busiest['least-loaded']).toBeLessThan(1.1);
    // The bound, and the one chat that was added below it.
    expect(busiest.bounded).toBeLessThan(1.25 + 0.5 / 5);
    expect(busiest.hash).toBeGreaterThan(busiest['least-loaded'] ?? Infinity);
  });
});

describe('a fleet of bots', () => {
  it('loses and invents nothing', () => {
    const { arrived, sent, refused, waiting, waits } = fleet();
    expect(arrived).toBe(sent + refused + waiting);
    expect(waits.count).toBe(sent);
    expect(Math.abs(arrived - 6_000)).toBeLessThan(400);
  });

  it('gives the same result for the same seed', () => {
    const numbers = (seed: number) => {
      const { waits, botWaits, ...rest } = fleet({ seed });
      return { ...rest, p99: waits.percentile(0.99), bots99: botWaits.percentile(0.99) };
    };
    expect(numbers(3)).toEqual(numbers(3));
    expect(numbers(3)).not.toEqual(numbers(4));
  });

  it('measures a storm by the alerts that arrive in it', () => {
    const storm = { factor: 10, fromMs: 20_000, untilMs: 40_000 };
    const calm = fleet();
    const stormy = fleet({ storm });
    expect(stormy.waits.count).toBeLessThan(stormy.sent);
    expect(stormy.botWaits.percentile(0.5)).toBeGreaterThan(10 * calm.botWaits.percentile(0.99));
    expect(stormy.recoveryMs).toBeGreaterThan(0);
    const capped = fleet({
      storm,
      limits: { sendDelayMs: 1_000 / 30, chatDelayMs: 1_000, groupLimitPerMinute: 20, maxPending: 100 },
    });
    expect(capped.refusedShare).toBeGreaterThan(0.3);
    expect(capped.deepest).toBe(100);
  });

  it('always simulates the busiest bot, also when only some are', () => {
    const uneven = { botOf: new Int32Array(chats.rates.length), loads: new Float64Array(50) };
    // All chats at bot 37.
    uneven.botOf.fill(37);
    uneven.loads[37] = 100;
    const { simulated, arrived, hottest } = fleet({ assignment: uneven, sampleBots: 2 });
    expect(simulated).toBe(2);
    expect(arrived).toBeGreaterThan(5_000);
    expect(hottest).toBeCloseTo(100 / 30, 5);
  });
});

describe('samples', () => {
  it('know their percentiles, also after more were added', () => {
    const samples = createSamples();
    for (let value = 5_000; value > 0; value -= 1) samples.add(value);
    expect(samples.percentile(0.5)).toBe(2_501);
    samples.add(0);
    expect([samples.percentile(0), samples.percentile(1), samples.count]).toEqual([0, 5_000, 5_001]);
    expect(samples.shareAbove(4_000)).toBeCloseTo(0.2, 3);
  });

  it('without any sample are 0', () => {
    expect([createSamples().percentile(0.99), createSamples().shareAbove(0)]).toEqual([0, 0]);
  });
});
