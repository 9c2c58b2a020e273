import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createTurnRig, type TurnRig } from './turn-rig.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

const CHATS = ['aa', 'bb', 'cc'] as const;
type Operation = { kind: 'add'; chat: string; high: boolean } | { kind: 'send' } | { kind: 'defer' };

const add: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constant('add' as const),
  chat: fc.constantFrom(...CHATS),
  high: fc.boolean(),
});
const send: fc.Arbitrary<Operation> = fc.constant({ kind: 'send' });
const defer: fc.Arbitrary<Operation> = fc.constant({ kind: 'defer' });

/** What waits of a chat: high ones first, each kind in the order of arrival. */
class Line {
  readonly high: string[] = [];
  readonly normal: string[] = [];
  /** The turns that the chat has taken, in order. High ones use the earliest. */
  readonly turns: number[] = [];
  nextTurn = 1;

  get first(): string | undefined {
    return this.high[0] ?? this.normal[0];
  }
  /** What the line's first one is served by: the smallest of all chats is next. */
  get rank(): number {
    return this.first === undefined
      ? Number.POSITIVE_INFINITY
      : 2 * (this.turns[0] ?? 0) + (this.high.length > 0 ? 0 : 1);
  }
}

/** Start-time fair queueing over chats with unit costs. */
class Model {
  readonly lines = new Map<string, Line>(CHATS.map((chat) => [chat, new Line()]));
  clock = 1;
  serial = 0;

  add(chat: string, high: boolean): string {
    if ([...this.lines.values()].every((line) => line.first === undefined)) {
      this.clock = 1;
      for (const line of this.lines.values()) line.nextTurn = 1;
    }
    const line = this.line(chat);
    const turn = Math.max(this.clock, line.nextTurn);
    line.nextTurn = turn + 1;
    line.turns.push(turn);
    this.serial += 1;
    const id = `${chat}-${this.serial}`;
    (high ? line.high : line.normal).push(id);
    return id;
  }

  line(chat: string): Line {
    const line = this.lines.get(chat);
    if (line === undefined) throw new Error(`no chat ${chat}`);
    return line;
  }

  /** Those that may be sent next: more than one chat can have the same turn. */
  get candidates(): (string | undefined)[] {
    const ranks = [...this.lines.values()].map((line) => line.rank);
    const best = Math.min(...ranks);
    return [...this.lines.values()].filter((line) => line.rank === best).map((line) => line.first);
  }

  sent(id: string): void {
    const line = this.line(id.slice(0, 2));
    (line.high.length > 0 ? line.high : line.normal).shift();
    this.clock = Math.max(this.clock, line.turns.shift() ?? 0);
  }
}

interface Expected {
  /** Turns are renumbered before this one; undefined: never, and then the model knows the very turn. */
  readonly maxTurn?: number;
  /** How often in a row another chat may pass one that waits. */
  readonly passes: number;
}

async function checkOrder(operations: readonly Operation[], { maxTurn, passes }: Expected): Promise<void> {
  const rig: TurnRig = await createTurnRig(server, maxTurn);
  const model = new Model();
  /** `a>b`: how often a was sent to in a row while b waited. */
  const passed = new Map<string, number>();

  function check(id: string): void {
    const chat = id.slice(0, 2);
    if (maxTurn === undefined) expect(model.candidates).toContain(id);
    expect(id).toBe(model.line(chat).first);
    for (const other of CHATS) {
      const waits = other !== chat && model.line(other).first !== undefined;
      passed.set(`${chat}>${other}`, waits ? (passed.get(`${chat}>${other}`) ?? 0) + 1 : 0);
      passed.set(`${other}>${chat}`, 0);
    }
    expect(Math.max(...passed.values())).toBeLessThanOrEqual(passes);
    model.sent(id);
  }

  try {
    for (const operation of operations) {
      if (operation.kind === 'add') {
        const { chat, high } = operation;
        await rig.add(model.add(chat, high), chat, { priority: high ? 'high' : 'normal' });
      } else if (operation.kind === 'defer') {
        await rig.defer(2);
      } else {
        const id = await rig.send();
        if (id === undefined) expect(model.candidates).toEqual(CHATS.map(() => undefined));
        else check(id);
      }
    }
    if (maxTurn !== undefined) {
      expect(model.clock).toBeGreaterThan(maxTurn);
      expect(Number(await rig.redis.hget(`${rig.base}turn`, 'v'))).toBeLessThanOrEqual(maxTurn);
    }
  } finally {
    await rig.close();
  }
}

/** The queue never runs empty, and a chat gets past the highest turn: 6 alerts wait between the rounds. */
const busy = (round: readonly fc.Arbitrary<Operation>[]) =>
  fc
    .tuple(
      fc.array(add, { minLength: 6, maxLength: 6 }),
      fc.array(fc.tuple(...round), { minLength: 30, maxLength: 40 }),
    )
    .map(([first, rounds]) => [...first, ...rounds.flat()]);
const MAX_TURN = 10;
const RUNS = { numRuns: 8 };

describe('the order of sending', () => {
  it('is that of start-time fair queueing, high ones first within their chat', async () => {
    const operations = fc.array(fc.oneof({ weight: 3, arbitrary: add }, { weight: 2, arbitrary: send }), {
      minLength: 40,
      maxLength: 70,
    });
    // Once by a send of the same turn, once by one of the next.
    await fc.assert(
      fc.asyncProperty(operations, (list) => checkOrder(list, { passes: 2 })),
      RUNS,
    );
  });

  it('keeps each chat in order and passes nobody over while turns are renumbered', async () => {
    await fc.assert(
      fc.asyncProperty(busy([add, add, send, send]), (list) =>
        checkOrder(list, { maxTurn: MAX_TURN, passes: 2 }),
      ),
      RUNS,
    );
  });

  it('keeps each chat in order also when alerts are put off meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(busy([add, add, defer, send, send]), (list) =>
        checkOrder(list, { maxTurn: MAX_TURN, passes: Number.POSITIVE_INFINITY }),
      ),
      RUNS,
    );
  });
});
