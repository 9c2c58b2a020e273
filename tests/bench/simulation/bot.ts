import type { Arrival } from './load.ts';
import { createMinHeap } from './min-heap.ts';

/** As src/queue/turn-scripts.ts keeps them; times in ms. */
export interface BotLimits {
  /** Between sends of the bot. */
  readonly sendDelayMs: number;
  /** Between sends to one chat. */
  readonly chatDelayMs: number;
  readonly groupLimitPerMinute: number;
  /** Pending alerts above which new ones are refused (MAX_QUEUE_SIZE). */
  readonly maxPending: number;
}

export interface Send {
  readonly chat: number;
  readonly arrivedAt: number;
  readonly sentAt: number;
  /** When it would have been sent if the chat had had the bot for itself. */
  readonly chatReadyAt: number;
}

export interface BotResult {
  readonly arrived: number;
  readonly sent: number;
  readonly refused: number;
  /** Left at the end. */
  readonly waiting: number;
  /** Most alerts waiting at once. */
  readonly deepest: number;
  readonly lastSentAt: number;
}

interface Entry {
  readonly arrivedAt: number;
  readonly chatReadyAt: number;
  readonly turn: number;
  readonly order: number;
}

/** One chat's line, and when its next send may be. */
interface Line {
  readonly chat: number;
  readonly gate: Gate;
  /** The gate of a chat that has the bot for itself. */
  readonly idealGate: Gate;
  entries: Entry[];
  head: number;
  nextTurn: number;
  epoch: number;
}

interface Gate {
  opensAt(): number;
  pass(at: number): void;
}

const GROUP_WINDOW_MS = 60_000;

function createGate(limits: BotLimits, isGroup: boolean): Gate {
  const { chatDelayMs, groupLimitPerMinute } = limits;
  const hasMinute = isGroup && groupLimitPerMinute > 0;
  let last = Number.NEGATIVE_INFINITY;
  /** A ring of the newest sends of a group. */
  const newest: number[] = [];
  let oldest = 0;
  return {
    opensAt() {
      const isFull = hasMinute && newest.length === groupLimitPerMinute;
      return Math.max(last + chatDelayMs, isFull ? (newest[oldest] ?? 0) + GROUP_WINDOW_MS : 0);
    },
    pass(at) {
      last = at;
      if (!hasMinute) return;
      newest[oldest] = at;
      oldest = (oldest + 1) % groupLimitPerMinute;
    },
  };
}

/**
 * One bot: a send slot every `sendDelayMs`, chats take turns by start-time fair queueing, a chat that may not be sent
 * to yet keeps its place. Ends at `untilMs`, or when nothing is left. The limits hold exactly; the worker's own times
 * (claim, HTTP call, look again after a deferral) are left out.
 */
export function simulateBot(options: {
  arrivals: Iterator<Arrival, undefined>;
  isGroup(chat: number): boolean;
  limits: BotLimits;
  untilMs: number;
  onSend(send: Send): void;
  onRefuse?(arrivedAt: number): void;
}): BotResult {
  const { arrivals, limits, untilMs } = options;
  const lines = new Map<number, Line>();
  const headOf = (line: Line) => line.entries[line.head] as Entry;
  const ready = createMinHeap<Line>((a, b) => isEarlier(headOf(a), headOf(b)));
  const blocked = createMinHeap<{ line: Line; at: number }>(
    (a, b) => a.at < b.at || (a.at === b.at && isEarlier(headOf(a.line), headOf(b.line))),
  );
  let now = 0;
  let virtualTime = 1;
  let epoch = 0;
  let slotAt = 0;
  const counts = { arrived: 0, sent: 0, refused: 0, waiting: 0, deepest: 0, lastSentAt: 0 };

  function lineOf(chat: number): Line {
    const known = lines.get(chat);
    if (known !== undefined) return known;
    const isGroup = options.isGroup(chat);
    const [gate, idealGate] = [createGate(limits, isGroup), createGate(limits, isGroup)];
    const line = { chat, gate, idealGate, entries: [], head: 0, nextTurn: 1, epoch };
    lines.set(chat, line);
    return line;
  }

  function queueUp(line: Line): void {
    const at = line.gate.opensAt();
    if (at <= now) ready.push(line);
    else blocked.push({ line, at });
  }

  function accept({ at, chat }: Arrival): void {
    now = at;
    counts.arrived += 1;
    if (counts.waiting >= limits.maxPending) {
      counts.refused += 1;
      options.onRefuse?.(at);
      return;
    }
    // An empty queue starts the clock anew.
    if (counts.waiting === 0) {
      epoch += 1;
      virtualTime = 1;
    }
    const line = lineOf(chat);
    const turn = Math.max(virtualTime, line.epoch === epoch ? line.nextTurn : 1);
    line.nextTurn = turn + 1;
    line.epoch = epoch;
    const chatReadyAt = Math.max(at, line.idealGate.opensAt());
    line.idealGate.pass(chatReadyAt);
    line.entries.push({ arrivedAt: at, chatReadyAt, turn, order: counts.arrived });
    counts.waiting += 1;
    counts.deepest = Math.max(counts.deepest, counts.waiting);
    if (line.entries.length - line.head === 1) queueUp(line);
  }

  function send(): void {
    const line = ready.pop();
    if (line === undefined) return;
    const entry = headOf(line);
    line.head += 1;
    line.gate.pass(now);
    virtualTime = Math.max(virtualTime, entry.turn);
    slotAt = now + limits.sendDelayMs;
    counts.sent += 1;
    counts.waiting -= 1;
    counts.lastSentAt = now;
    if (line.head < line.entries.length) queueUp(line);
    else {
      line.entries = [];
      line.head = 0;
    }
    const { arrivedAt, chatReadyAt } = entry;
    options.onSend({ chat: line.chat, arrivedAt, sentAt: now, chatReadyAt });
  }

  let arrival = arrivals.next().value;
  for (;;) {
    const opensAt = ready.size > 0 ? now : (blocked.peek()?.at ?? Number.POSITIVE_INFINITY);
    const sendAt = Math.max(opensAt, slotAt);
    if (arrival !== undefined && arrival.at <= Math.min(sendAt, untilMs)) {
      accept(arrival);
      arrival = arrivals.next().value;
      continue;
    }
    if (sendAt > untilMs || opensAt === Number.POSITIVE_INFINITY) return counts;
    now = Math.max(now, sendAt);
    for (let next = blocked.peek(); next !== undefined && next.at <= now; next = blocked.peek()) {
      blocked.pop();
      ready.push(next.line);
    }
    send();
  }
}

function isEarlier(a: Entry, b: Entry): boolean {
  return a.turn < b.turn || (a.turn === b.turn && a.order < b.order);
}
