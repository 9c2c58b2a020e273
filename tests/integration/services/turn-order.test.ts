import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createTurnRig, type TurnRig } from './turn-rig.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

const CHATS = ['aa', 'bb', 'cc', 'dd'] as const;
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
  /** Sent while others waited too. */
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

async function checkOrder(operations: readonly Operation[], maxTurn?: number): Promise<void> {
  const rig: TurnRig = await createTurnRig(server, maxTurn);
  const model = new Model();
  /** Since when each pair of chats has waited together: neither may get ahead by more than its turn. */
  const lead = new Map<string, number>();
  try {
    for (const operation of operations) {
      if (operation.kind === 'add') {
        const { chat, high } = operation;
        await rig.add(model.add(chat, high), chat, { priority: high ? 'high' : 'normal' });
      } else if (operation.kind === 'defer') {
        await rig.defer(2);
      } else {
        const id = await rig.send();
        // Without renumbering the model knows the very turn; with it, the chat's own order must hold all the same.
        if (maxTurn === undefined) expect(model.candidates).toContain(id);
        if (id === undefined) continue;
        const chat = id.slice(0, 2);
        expect(id).toBe(model.line(chat).first);
        for (const other of CHATS) {
          if (other === chat) continue;
          const waits = model.line(other).first !== undefined;
          lead.set(`${chat}>${other}`, waits ? (lead.get(`${chat}>${other}`) ?? 0) + 1 : 0);
          lead.set(`${other}>${chat}`, 0);
          // A chat that waits is passed at most twice in a row by the same other one: by a send of the same turn and one
          // of the next.
          expect(lead.get(`${chat}>${other}`) ?? 0).toBeLessThanOrEqual(operationsDefer(operations) ? 99 : 2);
        }
        model.sent(id);
      }
    }
  } finally {
    await rig.close();
  }
}

const operationsDefer = (operations: readonly Operation[]) => operations.some(({ kind }) => kind === 'defer');

describe('the order of sending', () => {
  it('is that of start-time fair queueing, high ones first within their chat', async () => {
    const operations = fc.array(fc.oneof({ weight: 3, arbitrary: add }, { weight: 2, arbitrary: send }), {
      minLength: 40,
      maxLength: 70,
    });
    await fc.assert(
      fc.asyncProperty(operations, (list) => checkOrder(list)),
      { numRuns: 12 },
    );
  });

  it('keeps each chat in order and passes nobody over while turns are renumbered and alerts put off', async () => {
    const rounds = fc.array(fc.tuple(add, add, fc.oneof(defer, send), send, send), {
      minLength: 12,
      maxLength: 16,
    });
    await fc.assert(
      fc.asyncProperty(rounds, (list) => checkOrder(list.flat(), 14)),
      { numRuns: 8 },
    );
  });
});
