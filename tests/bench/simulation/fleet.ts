import type { Assignment } from './assignment.ts';
import { type BotLimits, type Send, simulateBot } from './bot.ts';
import { arrivalsOf, type Chats, type Storm } from './load.ts';
import { createRandom } from './random.ts';
import { createSamples, type Samples } from './samples.ts';

export interface FleetOptions {
  readonly seed: number;
  readonly chats: Chats;
  /** Of all chats to all bots. */
  readonly assignment: Assignment;
  readonly limits: BotLimits;
  /** How long alerts arrive, in ms; then the fleet goes on until nothing waits. */
  readonly arriveMs: number;
  /** The end of it all, in ms. */
  readonly untilMs: number;
  readonly storm?: Storm;
  /**
   * Bots that are simulated: with more bots than this, the busiest one and others taken at random.
   */
  readonly sampleBots: number;
}

export interface FleetResult {
  readonly bots: number;
  readonly simulated: number;
  readonly arrived: number;
  readonly sent: number;
  readonly refused: number;
  readonly waiting: number;
  /** From accept to send, in ms; with a storm, of the alerts that arrived in it. */
  readonly waits: Samples;
  /** The part of it that more bots would take away: what the chat's own limits do not ask for. In ms. */
  readonly botWaits: Samples;
  /** Of the same alerts: the share that a full queue refused. */
  readonly refusedShare: number;
  /** Most alerts waiting at one bot. */
  readonly deepest: number;
  /** The busiest bot's load outside of storms, as a share of what it can send. */
  readonly hottest: number;
  /** From the end of the storm until no alert waited more than RECOVERED_MS for its bot, in ms; 0 without a storm. */
  readonly recoveryMs: number;
}

/** Above this an alert counts as delayed, in ms. */
export const LATE_MS = 60_000;
/** Such a wait, in ms, does not come up without a storm. */
const RECOVERED_MS = 10_000;

/** N bots, each with its own queue, limits and share of the chats. Bots do not influence each other. */
export function simulateFleet(options: FleetOptions): FleetResult {
  const { chats, assignment, limits, storm } = options;
  const chosen = chooseBots(assignment, options);
  const chatsOf = chatsByBot(assignment, chosen);
  const waits = createSamples();
  const botWaits = createSamples();
  const total = { arrived: 0, sent: 0, refused: 0, waiting: 0, deepest: 0 };
  let recoveryMs = 0;
  let refused = 0;
  const isMeasured = (at: number) => storm === undefined || (at >= storm.fromMs && at < storm.untilMs);
  const onRefuse = (at: number): void => {
    if (isMeasured(at)) refused += 1;
  };

  const onSend = ({ arrivedAt, sentAt, chatReadyAt }: Send): void => {
    if (isMeasured(arrivedAt)) {
      waits.add(sentAt - arrivedAt);
      botWaits.add(sentAt - chatReadyAt);
    }
    if (storm !== undefined && sentAt - chatReadyAt > RECOVERED_MS) {
      recoveryMs = Math.max(recoveryMs, sentAt - storm.untilMs);
    }
  };

  for (const [bot, own] of chatsOf) {
    const result = simulateBot({
      arrivals: arrivalsOf({
        seed: options.seed + 1_000_003 * (bot + 1),
        chats: own,
        rates: own.map((chat) => chats.rates[chat] ?? 0),
        untilMs: options.arriveMs,
        storm,
      }),
      isGroup: (chat) => chats.isGroup[chat] === 1,
      limits,
      untilMs: options.untilMs,
      onSend,
      onRefuse,
    });
    for (const key of ['arrived', 'sent', 'refused', 'waiting'] as const) total[key] += result[key];
    total.deepest = Math.max(total.deepest, result.deepest);
  }
  const busiest = assignment.loads.reduce((most, load) => Math.max(most, load), 0);
  return {
    ...total,
    bots: assignment.loads.length,
    simulated: chosen.length,
    waits,
    botWaits,
    recoveryMs,
    refusedShare: refused === 0 ? 0 : refused / (refused + waits.count),
    hottest: (busiest * limits.sendDelayMs) / 1_000,
  };
}

function chooseBots({ loads }: Assignment, { seed, sampleBots }: FleetOptions): number[] {
  const all = Array.from(loads.keys());
  if (all.length <= sampleBots) return all;
  const random = createRandom(seed);
  const busiest = all.reduce((most, bot) => ((loads[bot] ?? 0) > (loads[most] ?? 0) ? bot : most), 0);
  const chosen = new Set([busiest]);
  while (chosen.size < sampleBots) chosen.add(Math.floor(random() * all.length));
  return [...chosen];
}

function chatsByBot({ botOf }: Assignment, chosen: readonly number[]): Map<number, number[]> {
  const lists = new Map<number, number[]>(chosen.map((bot) => [bot, []]));
  botOf.forEach((bot, chat) => {
    lists.get(bot)?.push(chat);
  });
  return lists;
}
