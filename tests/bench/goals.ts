import type { AcceptRow } from './accept.ts';
import type { LimitRow } from './accept-limits.ts';
import type { DeliverRow } from './deliver.ts';
import type { EndToEndRow } from './end-to-end.ts';
import type { GrowthRow } from './growth.ts';
import type { Memory } from './memory.ts';
import type { StartRow } from './start.ts';

/** The rows of the benchmarks that ran. */
export interface Results {
  readonly accept?: readonly AcceptRow[];
  readonly limits?: readonly LimitRow[];
  readonly e2e?: readonly EndToEndRow[];
  readonly deliver?: readonly DeliverRow[];
  readonly growth?: readonly GrowthRow[];
  readonly start?: readonly StartRow[];
}

export interface Goal {
  readonly name: string;
  readonly measured: string;
  readonly met: boolean;
}

/** Share of the bare route's speed. */
const RATIO = 0.9;
/** Share of the smallest size's speed that the largest keeps: at most 10 % slower. */
const KEPT = 0.9;
/** Seconds per alert at one send a second: 60 alerts in 60.6 s. */
const SECONDS_PER_ALERT = 1.01;
const SENDS_PER_SECOND = 29;
const MEMORY_MB = 150;
const START_MS = 2_000;
/** Milliseconds. */
const P99_MS = 50;
const SINGLE_P50_MS = 3;
const END_TO_END_P50_MS = 15;

/** What the figures say to the goals of docs/performance.md; only of the benchmarks that ran. Pure. */
export function judgeGoals(results: Results): Goal[] {
  return [
    // Of the other bodies none is set: they are compared with JSON.
    ...(results.accept ?? []).filter(({ body }) => body === 'json').map(judgeAccept),
    ...(results.deliver ?? []).map(judgeDeliver),
    ...(results.e2e ?? []).map(judgeEndToEnd),
    ...judgeGrowth(results.growth ?? []),
    ...(results.start ?? []).map(judgeStart),
    ...judgeMemory(results),
  ];
}

function judgeAccept(row: AcceptRow): Goal {
  if (row.connections === 1) {
    return {
      name: `accept, 1 connection: p50 < ${SINGLE_P50_MS} ms`,
      measured: `${row.p50} ms (bare route ${row.yardstickP50} ms)`,
      met: row.p50 < SINGLE_P50_MS,
    };
  }
  return {
    name: `accept, ${row.connections} connections, ${row.senders} senders: >= ${RATIO} of the bare route, p99 < ${P99_MS} ms`,
    measured: `${row.ratio}, p99 ${row.p99} ms (bare route ${row.yardstickP99} ms)`,
    met: row.ratio >= RATIO && row.p99 < P99_MS,
  };
}

function judgeDeliver(row: DeliverRow): Goal {
  const what = `deliver ${row.alerts} alerts to ${row.chats} chats, ${row.sendDelayMs} ms apart`;
  if (row.sendDelayMs >= 1_000) {
    const limit = Math.round(row.alerts * SECONDS_PER_ALERT * 10) / 10;
    return {
      name: `${what}: <= ${limit} s, no 429`,
      measured: `${row.seconds} s, ${row.answered429} 429s`,
      met: row.seconds <= limit && row.answered429 === 0,
    };
  }
  return {
    name: `${what}: >= ${SENDS_PER_SECOND}/s, no 429`,
    measured: `${row.perSecond}/s, ${row.answered429} 429s`,
    met: row.perSecond >= SENDS_PER_SECOND && row.answered429 === 0,
  };
}

function judgeEndToEnd(row: EndToEndRow): Goal {
  return {
    name: `end to end: p50 < ${END_TO_END_P50_MS} ms, p99 < ${P99_MS} ms`,
    measured: `p50 ${row.p50} ms, p99 ${row.p99} ms`,
    met: row.p50 < END_TO_END_P50_MS && row.p99 < P99_MS,
  };
}

/** One goal per group of sizes: its largest against its smallest. */
function judgeGrowth(rows: readonly GrowthRow[]): Goal[] {
  const groups = new Map<string, GrowthRow[]>();
  for (const row of rows) {
    const name = `${row.path} with growing ${row.grown}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups].map(([name, group]) => {
    const size = (row: GrowthRow) => row[row.grown];
    const largest = group.reduce((top, row) => (size(row) > size(top) ? row : top));
    return {
      name: `${name}: with ${size(largest)} >= ${KEPT} of the smallest`,
      measured: `${largest.speed} (${group.map((row) => `${size(row)}: ${row.perSecond}/s`).join(', ')})`,
      met: largest.speed >= KEPT,
    };
  });
}

function judgeStart(row: StartRow): Goal {
  return {
    name: `start to the first accepted alert: < ${START_MS} ms`,
    measured: `median ${row.medianMs} ms, slowest ${row.slowestMs} ms`,
    met: row.slowestMs < START_MS,
  };
}

/** The peak over all services that ran. */
function judgeMemory(results: Results): Goal[] {
  const peaks = Object.entries(results).map(([benchmark, rows]: [string, readonly Memory[]]) => ({
    benchmark,
    peak: Math.max(...rows.map((row) => row.peakMemoryMb)),
  }));
  if (peaks.length === 0) return [];
  return [
    {
      name: `memory: peak < ${MEMORY_MB} MB throughout`,
      measured: peaks.map(({ benchmark, peak }) => `${benchmark} ${peak} MB`).join(', '),
      met: peaks.every(({ peak }) => peak < MEMORY_MB),
    },
  ];
}
