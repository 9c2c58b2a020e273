import { createMinHeap } from './min-heap.ts';
import { hashOf } from './random.ts';

export const STRATEGIES = ['hash', 'least-loaded', 'bounded'] as const;
/**
 * Which bot a chat gets when it registers; it keeps that bot. What a chat will send is not known then, what the bots
 * send already is.
 *   hash          the chat's hash decides alone
 *   least-loaded  the bot with the smallest load so far
 *   bounded       consistent hashing with bounded loads: the next bot on the ring that is below 1.25 times the mean
 */
export type Strategy = (typeof STRATEGIES)[number];

export interface Assignment {
  /** By chat. */
  readonly botOf: Int32Array;
  /** By bot: alerts per second. */
  readonly loads: Float64Array;
}

/** Consistent hashing: points of each bot on the ring. */
const POINTS = 64;
/** Consistent hashing with bounded loads: 1 + epsilon. */
const BOUND = 1.25;

type Choose = (chat: number) => number;

/** Assigns the chats in the order in which they registered; `rates` in alerts per second. */
export function assign(strategy: Strategy, rates: Float64Array, bots: number): Assignment {
  const loads = new Float64Array(bots);
  const botOf = new Int32Array(rates.length);
  let total = 0;
  const choose = CHOICES[strategy](loads, () => total);
  for (let chat = 0; chat < rates.length; chat += 1) {
    const bot = choose(chat);
    const rate = rates[chat] ?? 0;
    botOf[chat] = bot;
    loads[bot] = (loads[bot] ?? 0) + rate;
    total += rate;
  }
  return { botOf, loads };
}

const CHOICES: Record<Strategy, (loads: Float64Array, total: () => number) => Choose> = {
  hash: (loads) => (chat) => hashOf(chat) % loads.length,

  'least-loaded': (loads) => {
    const load = (bot: number) => loads[bot] ?? 0;
    const heap = createMinHeap<number>((a, b) => load(a) < load(b) || (load(a) === load(b) && a < b));
    let last: number | undefined;
    for (let bot = 0; bot < loads.length; bot += 1) heap.push(bot);
    return () => {
      // Only the bot chosen last has changed, and it is still on top.
      if (last !== undefined) heap.replaceTop(last);
      last = heap.peek() ?? 0;
      return last;
    };
  },

  bounded: (loads, total) => {
    const ring = makeRing(loads.length);
    return (chat) => {
      const limit = (BOUND * total()) / loads.length;
      const start = firstPoint(ring.hashes, hashOf(chat));
      for (let step = 0; step < ring.bots.length; step += 1) {
        const bot = ring.bots[(start + step) % ring.bots.length] ?? 0;
        if ((loads[bot] ?? 0) <= limit) return bot;
      }
      return 0;
    };
  },
};

interface Ring {
  readonly hashes: Uint32Array;
  readonly bots: Int32Array;
}

function makeRing(bots: number): Ring {
  const points = Array.from({ length: bots * POINTS }, (_, index) => ({
    // Another range than the chats', so that a chat's hash is not a point's.
    hash: hashOf((0x9e3779b9 + index) >>> 0),
    bot: index % bots,
  })).sort((a, b) => a.hash - b.hash || a.bot - b.bot);
  return {
    hashes: Uint32Array.from(points, (point) => point.hash),
    bots: Int32Array.from(points, (point) => point.bot),
  };
}

function firstPoint(hashes: Uint32Array, hash: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((hashes[middle] ?? 0) >= hash) high = middle;
    else low = middle + 1;
  }
  return low % hashes.length;
}
