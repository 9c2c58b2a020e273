import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertJob, type EngineRig, openEngineRig, SEALED } from '../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type Alert, LIMITS, Model } from './places-model.ts';

const CHATS = ['aa', 'bb', 'cc'];
/** Never within the test. */
const LATER_MS = 3_600_000;

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());

type Operation =
  | {
      readonly kind: 'add' | 'schedule';
      readonly chat: string;
      readonly high: boolean;
      readonly crash: boolean;
    }
  /** `pick`: which of those for which the operation makes sense. */
  | { readonly kind: 'due' | 'take' | 'leave' | 'drop' | 'late'; readonly pick: number }
  /** Those without a job become old enough to be given up. */
  | { readonly kind: 'age' };

/** A run of operations, on Redis and the model at once; each compares the two. */
class Run {
  readonly model = new Model();
  constructor(readonly rig: EngineRig) {}

  async do(operation: Operation): Promise<void> {
    if ('chat' in operation) await this.#add(operation);
    else if (operation.kind === 'age') await this.#age();
    else await this.#act(operation.kind, operation.pick);
    await this.check();
  }

  async #add({ kind, chat, high, crash }: Extract<Operation, { chat: string }>): Promise<void> {
    const state = kind === 'add' ? 'pending' : 'scheduled';
    const alert = this.model.make(chat, high, !crash, state);
    const expected = this.model.refusal(state, chat);
    const at = state === 'pending' ? null : Date.now() + LATER_MS;
    const job = { ...jobOf(alert), deliverAt: at };
    const got = crash
      ? (await this.rig.places.reserve([{ job, due: at ?? 'now', sealed: SEALED }])).map((place) =>
          'refusal' in place ? place.refusal : undefined,
        )[0]
      : await this.rig.alerts.add(job, SEALED).then(
          () => undefined,
          (error) => error.code,
        );
    expect(got).toBe(expected);
    if (expected === undefined) this.model.enter(alert);
  }

  async #act(kind: 'due' | 'take' | 'leave' | 'drop' | 'late', pick: number): Promise<void> {
    const { model, rig } = this;
    const fits = {
      due: model.those(({ state }) => state === 'scheduled'),
      take: model.those(({ state, hasJob }) => state !== 'scheduled' && hasJob),
      leave: model.those(() => true),
      drop: model.those(() => true),
      late: model.left,
    }[kind];
    const alert = fits[pick % Math.max(1, fits.length)];
    if (alert === undefined) return;
    switch (kind) {
      case 'due': {
        const [place] = await this.#come(alert);
        expect(place).toHaveProperty('priority');
        alert.state = 'due';
        model.lineOf(alert).push(alert.id);
        return;
      }
      case 'late':
        // Its turn was on its way when it left.
        expect(await this.#come(alert)).toEqual([{ refusal: 'no_place' }]);
        return;
      case 'leave':
        await rig.places.leave(jobOf(alert), 0);
        return model.leave(alert);
      case 'drop':
        await rig.alerts.drop([alert.id], false);
        return model.leave(alert);
      case 'take':
        await this.#take(alert);
    }
  }

  #come(alert: Alert) {
    return this.rig.places.reserve([{ job: jobOf(alert), due: 'come', sealed: null }]);
  }

  /** True if the alert may be sent. Those without a job may be given up for it, in the order of their line. */
  async #take(alert: Alert): Promise<boolean> {
    const { model, rig } = this;
    const turn = await rig.pace.take(jobOf(alert));
    const holders = new Set(await rig.holders());
    const placeOf = (one: Alert) => model.lineOf(one).indexOf(one.id);
    const givenUp = model.those(({ id }) => !holders.has(id)).sort((a, b) => placeOf(a) - placeOf(b));
    for (const one of givenUp) {
      expect(one).toMatchObject({ chat: alert.chat, hasJob: false });
      expect(placeOf(one)).toBe(0);
      model.leave(one);
    }
    if (turn.kind !== 'go') return false;
    expect(turn).toEqual({ kind: 'go', waitMs: 0, sealed: SEALED, isFlooded: false });
    // What was sent last and has not left comes first, also before a high one that came later.
    const last = model.sentLast.get(alert.chat);
    if (last === undefined) expect(model.lineOf(alert)[0]).toBe(alert.id);
    else expect(last).toBe(alert.id);
    model.sentLast.set(alert.chat, alert.id);
    return true;
  }

  async #age(): Promise<void> {
    const { fast, keys } = this.rig;
    for (const { id, state } of this.model.those((one) => !one.hasJob && one.state !== 'scheduled'))
      await fast.zadd(state === 'due' ? keys.due : keys.pending, 'XX', 1, id);
  }

  /** Everything that Redis says of places is what the model says. */
  async check(): Promise<void> {
    const { fast, keys } = this.rig;
    const [pending, scheduled, due, chats, held, ...lines] = await Promise.all([
      fast.zrange(keys.pending, '0', '-1'),
      fast.zrange(keys.scheduled, '0', '-1'),
      fast.zrange(keys.due, '0', '-1'),
      fast.hgetall(keys.chats),
      fast.hgetall(keys.held),
      ...CHATS.map((chat) => fast.zrange(keys.line(chat), '0', '-1')),
    ]);
    const { model } = this;
    const ids = (fits: (alert: Alert) => boolean) =>
      model
        .those(fits)
        .map(({ id }) => id)
        .sort();
    const inState = (state: Alert['state']) => ids((one) => one.state === state);
    expect({ pending: pending.sort(), scheduled: scheduled.sort(), due: due.sort() }).toEqual({
      pending: inState('pending'),
      scheduled: inState('scheduled'),
      due: inState('due'),
    });
    expect(chats).toEqual(Object.fromEntries(model.those(() => true).map(({ id, chat }) => [id, chat])));
    const counts = CHATS.flatMap((chat) =>
      (['pending', 'scheduled'] as const).map((kind) => [`${kind}:${chat}`, model.held(kind, chat)] as const),
    );
    expect(held).toEqual(
      Object.fromEntries(counts.filter(([, count]) => count > 0).map(([key, count]) => [key, String(count)])),
    );
    CHATS.forEach((chat, index) => {
      const line = lines[index] ?? [];
      expect([...line].sort()).toEqual(ids((one) => one.chat === chat && one.state !== 'scheduled'));
      for (const high of [true, false]) {
        const flow = line.filter((id) => model.alerts.get(id)?.high === high);
        expect(flow).toEqual(model.lines.get(`${chat}:${high}`) ?? []);
      }
    });
    expect(pending.length).toBeLessThanOrEqual(LIMITS.maxPending);
    expect(scheduled.length + due.length).toBeLessThanOrEqual(LIMITS.maxScheduled);
    for (const [key, count] of counts)
      expect(count).toBeLessThanOrEqual(
        key.startsWith('pending') ? LIMITS.maxPendingPerChat : LIMITS.maxScheduledPerChat,
      );
  }

  /** All go and leave, one after another; nothing is left of them. */
  async drain(): Promise<void> {
    const { model, rig } = this;
    for (const alert of model.those(({ state }) => state === 'scheduled')) {
      await this.#come(alert);
      alert.state = 'due';
      model.lineOf(alert).push(alert.id);
    }
    await this.#age();
    for (
      let open = model.those((one) => one.hasJob);
      open.length > 0;
      open = model.those((one) => one.hasJob)
    ) {
      const went: Alert[] = [];
      for (const alert of open) {
        if (!(await this.#take(alert))) continue;
        went.push(alert);
        await rig.places.leave(jobOf(alert), 0);
        model.leave(alert);
      }
      // Somebody is always first.
      expect(went).not.toEqual([]);
    }
    for (const alert of model.those(() => true)) {
      await rig.places.leave(jobOf(alert), 0);
      model.leave(alert);
    }
    await this.check();
    const { pending, scheduled, due, chats, held } = rig.keys;
    expect(await rig.fast.exists(pending, scheduled, due, chats, held, ...CHATS.map(rig.keys.line))).toBe(0);
    const texts = model.left.filter(({ hasJob }) => hasJob).map(({ id }) => rig.keys.text(id));
    if (texts.length > 0) expect(await rig.fast.exists(...texts)).toBe(0);
    const [place] = await rig.places.reserve([{ job: alertJob('next', 'aa'), due: 'now', sealed: SEALED }]);
    expect(place).toEqual({ priority: 3 });
  }
}

function jobOf({ id, chat, high }: Alert) {
  return alertJob(id, chat, { priority: high ? 'high' : 'normal' });
}

const newAlert = { chat: fc.constantFrom(...CHATS), high: fc.boolean() };
const crash = fc.integer({ min: 0, max: 4 }).map((value) => value === 0);
const pick = fc.nat({ max: 50 });
const of = <K extends Operation['kind']>(...kinds: K[]) => fc.constantFrom(...kinds);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: of('add'), ...newAlert, crash }) },
  { weight: 2, arbitrary: fc.record({ kind: of('schedule'), ...newAlert, crash }) },
  { weight: 5, arbitrary: fc.record({ kind: of('take'), pick }) },
  { weight: 4, arbitrary: fc.record({ kind: of('due', 'leave', 'drop', 'late'), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: of('age') }) },
);

describe('the places, whatever is done with them in whatever order', () => {
  it('are counted right and within their caps, go first in first out, and leave nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 30, maxLength: 80, size: 'max' }),
        async (operations) => {
          const rig = await openEngineRig(server, LIMITS);
          try {
            const run = new Run(rig);
            for (const one of operations) await run.do(one);
            await run.drain();
          } finally {
            await rig.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
