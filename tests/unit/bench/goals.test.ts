import { describe, expect, it } from 'vitest';
import type { AcceptRow } from '../../bench/accept.ts';
import type { DeliverRow } from '../../bench/deliver.ts';
import { judgeGoals, type Results } from '../../bench/goals.ts';
import type { GrowthRow } from '../../bench/growth.ts';

const MEMORY = { memoryMb: 100, peakMemoryMb: 149 };

function accept(over: Partial<AcceptRow>): AcceptRow {
  return {
    ...MEMORY,
    body: 'json',
    connections: 50,
    senders: 1,
    perSecond: 900,
    yardstickPerSecond: 1_000,
    ratio: 0.9,
    ratios: [0.9],
    p50: 2.9,
    p99: 49.9,
    yardstickP50: 1,
    yardstickP99: 20,
    ...over,
  };
}

function deliver(over: Partial<DeliverRow>): DeliverRow {
  return {
    ...MEMORY,
    alerts: 60,
    chats: 5,
    sendDelayMs: 1_000,
    seconds: 60.6,
    perSecond: 29,
    smallestGapMs: 1_000,
    medianGapMs: 1_000,
    answered429: 0,
    ...over,
  };
}

function growth(over: Partial<GrowthRow>): GrowthRow {
  return {
    ...MEMORY,
    path: 'accept',
    grown: 'pending',
    pending: 0,
    integrations: 1_000,
    perSecond: 2_000,
    speed: 1,
    speeds: [1],
    ...over,
  };
}

/** Without the goal of memory, which every row has a share in. */
function verdicts(results: Results): boolean[] {
  return judgeGoals(results)
    .filter(({ name }) => !name.startsWith('memory'))
    .map(({ met }) => met);
}

describe('judgeGoals', () => {
  it('says nothing about benchmarks that did not run', () => {
    expect(judgeGoals({})).toEqual([]);
    expect(judgeGoals({ start: [{ ...MEMORY, rounds: 3, medianMs: 1, slowestMs: 2 }] })).toHaveLength(2);
  });

  it('wants 0.9 of the bare route and a p99 under 50 ms at 50 connections', () => {
    expect(verdicts({ accept: [accept({})] })).toEqual([true]);
    expect(verdicts({ accept: [accept({ ratio: 0.899 }), accept({ p99: 50 })] })).toEqual([false, false]);
  });

  it('wants only a p50 under 3 ms of a single connection', () => {
    const single = { connections: 1, ratio: 0.3, p99: 60 };
    expect(verdicts({ accept: [accept(single), accept({ ...single, p50: 3 })] })).toEqual([true, false]);
  });

  it('wants a batch at one send a second within 1 % of that, without a 429', () => {
    const rows = [{}, { seconds: 60.61 }, { answered429: 1 }, { alerts: 10, seconds: 10.2 }].map(deliver);
    expect(verdicts({ deliver: rows })).toEqual([true, false, false, false]);
  });

  it('wants 29 sends a second of a faster pace, without a 429', () => {
    const rows = [{}, { perSecond: 28.9 }, { answered429: 1 }].map((row) =>
      deliver({ sendDelayMs: 34, ...row }),
    );
    expect(verdicts({ deliver: rows })).toEqual([true, false, false]);
  });

  it('wants p50 under 15 ms and p99 under 50 ms end to end', () => {
    const row = { ...MEMORY, samples: 60, p50: 14.9, p99: 49.9 };
    expect(verdicts({ e2e: [row, { ...row, p50: 15 }, { ...row, p99: 50 }] })).toEqual([true, false, false]);
  });

  it('holds the largest size of each group against the smallest, whatever lies between', () => {
    const group = (grown: GrowthRow['grown'], speeds: readonly number[]) =>
      speeds.map((speed, index) => growth({ grown, [grown]: 10 ** (index + 1), speed }));
    const goals = judgeGoals({
      growth: [...group('pending', [1, 0.5, 0.9]), ...group('integrations', [1, 1, 0.899])],
    });
    expect(goals.slice(0, 2).map(({ met }) => met)).toEqual([true, false]);
    expect(goals[1]?.name).toContain('1000');
  });

  it('wants the slowest start under 2 s', () => {
    const row = { ...MEMORY, rounds: 3, medianMs: 900, slowestMs: 1_999 };
    expect(verdicts({ start: [row, { ...row, slowestMs: 2_000 }] })).toEqual([true, false]);
  });

  it('wants the peak of every service under 150 MB and names each benchmark', () => {
    const memory = (results: Results) => judgeGoals(results).at(-1);
    expect(memory({ accept: [accept({})], deliver: [deliver({})] })).toMatchObject({ met: true });
    expect(memory({ accept: [accept({})], deliver: [deliver({ peakMemoryMb: 150 })] })).toMatchObject({
      met: false,
      measured: 'accept 149 MB, deliver 150 MB',
    });
  });

  it('is not met by figures that are missing', () => {
    expect(verdicts({ accept: [accept({ ratio: Number.NaN })] })).toEqual([false]);
  });
});
