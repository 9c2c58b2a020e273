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

interface Waiting {
  readonly id: string;
  readonly priority: number;
}

/** What waits of a chat, its two flows apart, each in the order of arrival. */
class Line {
  readonly high: Waiting[] = [];
  readonly normal: Waiting[] = [];
  nextHigh = 1;
  nextNormal = 1;

  /** The flow that is served next: that of the smaller priority. */
  get flow(): Waiting[] {
    const [high, normal] = [this.high[0], this.normal[0]];
    return high !== undefined && (normal === undefined || high.priority < normal.priority)
      ? this.high
      : this.normal;
  }
  get first(): Waiting | undefined {
    return this.flow[0];
  }
}

/** Start-time fair queueing over the flows of the chats, with unit costs. */
class Model {
  readonly lines = new Map<string, Line>(CHATS.map((chat) => [chat, new Line()]));
  clock = 1;
  serial = 0;
  readonly #maxTurn: number;

  constructor(maxTurn = Number.POSITIVE_INFINITY) {
    this.#maxTurn = maxTurn;
  }

  add(chat: string, high: boolean): string {
    if ([...this.lines.values()].every((line) => line.first === undefined)) {
      this.clock = 1;
      for (const line of this.lines.values()) {
        line.nextHigh = 1;
        line.nextNormal = 1;
      }
    }
    const line = this.line(chat);
    const turn = Math.min(Math.max(this.clock, high ? line.nextHigh : line.nextNormal), this.#maxTurn);
    if (high) line.nextHigh = turn + 1;
    else line.nextNormal = turn + 1;
    this.serial += 1;
    const id = `${chat}-${this.serial}`;
    (high ? line.high : line.normal).push({ id, priority: 2 * turn + (high ? 0 : 1) });
    return id;
  }

  line(chat: string): Line {
    const line = this.lines.get(chat);
    if (line === undefined) throw new Error(`no chat ${chat}`);
    return line;
  }

  /** Those that may be sent next: more than one chat can have the same turn. */
  get candidates(): (string | undefined)[] {
    const firsts = [...this.lines.values()].map((line) => line.first);
    const best = Math.min(...firsts.map((first) => first?.priority ?? Number.POSITIVE_INFINITY));
    return firsts
      .filter((first) => (first?.priority ?? Number.POSITIVE_INFINITY) === best)
      .map((first) => first?.id);
  }

  sent(id: string): void {
    const sent = this.line(id.slice(0, 2)).flow.shift();
    this.clock = Math.max(this.clock, Math.floor((sent?.priority ?? 0) / 2));
  }
}

interface Expected {
  /** Past this turn: plain first in, first out. */
  readonly maxTurn?: number;
  /** How often in a row another chat may pass one that waits. */
  readonly passes: number;
  /** False where alerts are put off: another chat may then go first. */
  readonly isExact: boolean;
}

async function checkOrder(
  operations: readonly Operation[],
  { maxTurn, passes, isExact }: Expected,
): Promise<void> {
  const rig: TurnRig = await createTurnRig(server, maxTurn);
  const model = new Model(maxTurn);
  /** `a>b`: how often a was sent to in a row while b waited. */
  const passed = new Map<string, number>();

  function check(id: string): void {
    const chat = id.slice(0, 2);
    if (isExact) expect(model.candidates).toContain(id);
    expect(id).toBe(model.line(chat).first?.id);
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
    if (maxTurn !== undefined) expect(model.clock).toBe(maxTurn);
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
  it('is that of start-time fair queueing, high ones of a chat a flow of their own', async () => {
    const operations = fc.array(fc.oneof({ weight: 3, arbitrary: add }, { weight: 2, arbitrary: send }), {
      minLength: 40,
      maxLength: 70,
    });
    // Once by a send of the same turn, once by one of the next, of each of the chat's two flows.
    await fc.assert(
      fc.asyncProperty(operations, (list) => checkOrder(list, { passes: 4, isExact: true })),
      RUNS,
    );
  });

  it('keeps each chat in order past the highest turn', async () => {
    await fc.assert(
      fc.asyncProperty(busy([add, add, send, send]), (list) =>
        checkOrder(list, { maxTurn: MAX_TURN, passes: Number.POSITIVE_INFINITY, isExact: true }),
      ),
      RUNS,
    );
  });

  it('keeps each chat in order also when alerts are put off meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(busy([add, add, defer, send, send]), (list) =>
        checkOrder(list, { maxTurn: MAX_TURN, passes: Number.POSITIVE_INFINITY, isExact: false }),
      ),
      RUNS,
    );
  });
});
