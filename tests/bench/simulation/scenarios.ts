import { type Assignment, assign, STRATEGIES, type Strategy } from './assignment.ts';
import type { BotLimits } from './bot.ts';
import { type FleetOptions, type FleetResult, simulateFleet } from './fleet.ts';
import { type Chats, makeChats, type Storm } from './load.ts';

export const SCENARIOS = ['10', '1000', '100000'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export function isScenarioName(name: string): name is ScenarioName {
  return (SCENARIOS as readonly string[]).includes(name);
}

export interface Row {
  readonly load: string;
  readonly assignment: Strategy;
  readonly result: FleetResult;
}

export interface Need {
  readonly target: string;
  readonly bots: number;
  readonly result: FleetResult;
}

export interface ScenarioReport {
  readonly perSecond: number;
  readonly chats: number;
  readonly rows: readonly Row[];
  readonly needs: readonly Need[];
}

/** Telegram's limits (FAQ for bots): 30/s per bot, 1/s per chat, 20/min per group. */
const BOT_LIMIT_PER_SECOND = 30;
const LIMITS: BotLimits = {
  sendDelayMs: 1_000 / BOT_LIMIT_PER_SECOND,
  chatDelayMs: 1_000,
  groupLimitPerMinute: 20,
  maxPending: Number.POSITIVE_INFINITY,
};
/** The contract's MAX_QUEUE_SIZE. */
const DEFAULT_CAP = 500;
/** Average use of the bots in the rows of the table. */
const PLANNED_USE = 0.75;
/** Chats per alert/s. The default quota (10 a day) would need 8,640: fewer and busier chats are the harder case. */
const CHATS_PER_RATE = 25;
const ZIPF_EXPONENT = 1;
const GROUP_SHARE = 0.2;
const STEADY_MS = 300_000;
const STORM: Storm = { factor: 10, fromMs: 60_000, untilMs: 120_000 };
/** The usual load goes on until all have recovered. */
const STORM_ARRIVE_MS = 2_700_000;
/** Long enough for alerts of the storm that wait 60 s or so. */
const SEARCH_ARRIVE_MS = 300_000;
const END_MS = 7_200_000;
const SAMPLE_BOTS = 16;
/** Above this size the search runs on a group of this many alerts/s, and its result is scaled up and checked. */
const SEARCH_AT_MOST = 1_000;

/** Runs scenarios; what two of them have in common is computed once. */
export function createScenarioRunner(seed: number): (name: ScenarioName) => ScenarioReport {
  const searched = new Map<string, number>();

  return (name) => {
    const perSecond = Number(name);
    const chats = chatsFor(perSecond, seed);
    const bots = Math.ceil(perSecond / BOT_LIMIT_PER_SECOND / PLANNED_USE);
    const even = assign('least-loaded', chats.rates, bots);
    const steady = (assignment: Assignment) => simulateFleet({ ...steadyRun(chats, seed), assignment });
    const storm = (maxPending: number) => {
      const limits = { ...LIMITS, maxPending };
      return simulateFleet({ ...stormRun(chats, seed), assignment: even, limits });
    };
    const need = ({ target, targetMs, runOf }: Target): Need => {
      const groups = Math.max(1, perSecond / SEARCH_AT_MOST);
      const group = perSecond / groups;
      const key = `${target} ${group}`;
      const found = searched.get(key) ?? leastBots(runOf(chatsFor(group, seed), seed), group, targetMs);
      searched.set(key, found);
      return { target, ...enlarge(runOf(chats, seed), found * groups, targetMs) };
    };
    const strategies: readonly Strategy[] = bots === 1 ? ['least-loaded'] : STRATEGIES;
    return {
      perSecond,
      chats: chats.rates.length,
      rows: [
        ...strategies.map((assignment) => {
          const used = assignment === 'least-loaded' ? even : assign(assignment, chats.rates, bots);
          return { load: 'steady', assignment, result: steady(used) };
        }),
        { load: 'storm', assignment: 'least-loaded', result: storm(LIMITS.maxPending) },
        { load: `storm, cap ${DEFAULT_CAP}`, assignment: 'least-loaded', result: storm(DEFAULT_CAP) },
      ],
      needs: TARGETS.map(need),
    };
  };
}

type Run = Omit<FleetOptions, 'assignment'>;

interface Target {
  readonly target: string;
  /** For the 99th percentile of the bots' part of the wait, in ms. */
  readonly targetMs: number;
  runOf(chats: Chats, seed: number): Run;
}

const TARGETS: readonly Target[] = [
  { target: "steady, p99 of the bots' part ≤ 5 s", targetMs: 5_000, runOf: steadyRun },
  { target: "storm, p99 of the bots' part ≤ 60 s", targetMs: 60_000, runOf: stormSearch },
];

function steadyRun(chats: Chats, seed: number): Run {
  return { chats, seed, limits: LIMITS, sampleBots: SAMPLE_BOTS, arriveMs: STEADY_MS, untilMs: END_MS };
}

function stormRun(chats: Chats, seed: number): Run {
  return { ...steadyRun(chats, seed), arriveMs: STORM_ARRIVE_MS, storm: STORM };
}

function stormSearch(chats: Chats, seed: number): Run {
  return { ...stormRun(chats, seed), arriveMs: SEARCH_ARRIVE_MS };
}

function chatsFor(perSecond: number, seed: number): Chats {
  return makeChats({
    seed,
    count: perSecond * CHATS_PER_RATE,
    total: perSecond,
    exponent: ZIPF_EXPONENT,
    groupShare: GROUP_SHARE,
  });
}

function tryOut(run: Run, bots: number, targetMs: number): { isMet: boolean; result: FleetResult } {
  const assignment = assign('least-loaded', run.chats.rates, bots);
  const result = simulateFleet({ ...run, assignment });
  return { isMet: result.hottest < 1 && result.botWaits.percentile(0.99) <= targetMs, result };
}

/** The smallest number of bots with which the target is met, by bisection. */
function leastBots(run: Run, perSecond: number, targetMs: number): number {
  const least = Math.ceil(perSecond / BOT_LIMIT_PER_SECOND);
  // With room for the storm's whole load nothing queues.
  let [low, high] = [least - 1, least * (run.storm?.factor ?? 2)];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (tryOut(run, middle, targetMs).isMet) high = middle;
    else low = middle;
  }
  return high;
}

/** A number that was scaled up may miss the target by a little: 2 % more until it is met. */
function enlarge(run: Run, from: number, targetMs: number): { bots: number; result: FleetResult } {
  for (let bots = from; ; bots = Math.ceil(bots * 1.02)) {
    const { isMet, result } = tryOut(run, bots, targetMs);
    if (isMet) return { bots, result };
  }
}
