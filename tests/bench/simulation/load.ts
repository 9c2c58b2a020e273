import { createRandom, nextGap, type Random } from './random.ts';

/** The chats of a scenario, in the order in which they registered. */
export interface Chats {
  /** Alerts per second and chat. */
  readonly rates: Float64Array;
  /** 1: a group, with a group's limit. */
  readonly isGroup: Uint8Array;
}

/** A time in which every chat gets `factor` times as much. */
export interface Storm {
  readonly factor: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Arrival {
  readonly at: number;
  readonly chat: number;
}

/** What a chat can take (alerts per second): Telegram's limits, 1/s for a person and 20/min for a group. */
const PERSON_LIMIT = 1;
const GROUP_LIMIT = 20 / 60;
/**
 * No chat gets more than this share of its own limit on average: a chat above it waits without end, with one bot as
 * with a thousand, and would hide what the simulation is about.
 */
const LARGEST_SHARE = 0.5;

/** Rates by Zipf's law (the n-th busiest chat gets 1/n^exponent), cut at LARGEST_SHARE, `total` alerts per second. */
export function makeChats(options: {
  seed: number;
  count: number;
  total: number;
  exponent: number;
  groupShare: number;
}): Chats {
  const { count, total } = options;
  const random = createRandom(options.seed);
  const isGroup = new Uint8Array(count).map(() => (random() < options.groupShare ? 1 : 0));
  const weights = new Float64Array(count).map((_, index) => (index + 1) ** -options.exponent);
  shuffle(weights, random);
  const most = (chat: number) => LARGEST_SHARE * (isGroup[chat] === 1 ? GROUP_LIMIT : PERSON_LIMIT);
  const room = isGroup.reduce((sum, _, chat) => sum + most(chat), 0);
  if (room < total) throw new RangeError('these chats cannot take so many alerts');
  // What is cut off goes to the others, which may be cut in their turn.
  let scale = total / weights.reduce((sum, weight) => sum + weight, 0);
  for (;;) {
    let cut = 0;
    let open = 0;
    for (let chat = 0; chat < count; chat += 1) {
      const rate = (weights[chat] ?? 0) * scale;
      if (rate > most(chat)) cut += most(chat);
      else open += rate;
    }
    if (Math.abs(cut + open - total) < 1e-6 * total) break;
    scale *= (total - cut) / open;
  }
  const rates = weights.map((weight, chat) => Math.min(weight * scale, most(chat)));
  return { rates, isGroup };
}

function shuffle(values: Float64Array, random: Random): void {
  for (let index = values.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    const kept = values[index] ?? 0;
    values[index] = values[other] ?? 0;
    values[other] = kept;
  }
}

/** Poisson arrivals of some chats (their numbers and rates, alerts per second) until `untilMs`, in order of time. */
export function* arrivalsOf(options: {
  seed: number;
  chats: ArrayLike<number>;
  rates: ArrayLike<number>;
  untilMs: number;
  storm?: Storm | undefined;
}): Generator<Arrival, undefined> {
  const { chats, rates, storm, untilMs } = options;
  const random = createRandom(options.seed);
  const upTo = new Float64Array(chats.length);
  let total = 0;
  for (let index = 0; index < chats.length; index += 1) {
    total += rates[index] ?? 0;
    upTo[index] = total;
  }
  if (total === 0) return;
  let at = 0;
  for (;;) {
    const isStorm = storm !== undefined && at >= storm.fromMs && at < storm.untilMs;
    const next = at + nextGap(random, (total / 1_000) * (isStorm ? storm.factor : 1));
    // A Poisson process has no memory: where the rate changes it may be drawn anew.
    const change = nextChange(at, storm);
    at = Math.min(next, change);
    if (at >= untilMs) return;
    if (next < change) yield { at, chat: chats[firstAbove(upTo, random() * total)] ?? 0 };
  }
}

function nextChange(at: number, storm: Storm | undefined): number {
  if (storm === undefined || at >= storm.untilMs) return Number.POSITIVE_INFINITY;
  return at < storm.fromMs ? storm.fromMs : storm.untilMs;
}

function firstAbove(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
