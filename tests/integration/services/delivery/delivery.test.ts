import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorAnswer, tooManyRequestsAnswer } from '../../../../src/sandbox/bot-api-double.ts';
import { createUpkeepService } from '../../../../src/services/jobs/upkeep.ts';
import { createDeliveryRig, type DeliveryRig } from './rig.ts';

describe('the delivery', () => {
  let rig: DeliveryRig;
  beforeEach(async () => {
    rig = await createDeliveryRig();
  });
  afterEach(() => rig.close());

  it('sends once, however often and at once its job runs', async () => {
    const job = await rig.accept(await rig.addChat());
    rig.double.fault({ delayMs: 50 });
    await Promise.all([rig.deliver(job), rig.deliver(job), rig.deliver(job)]);
    expect(rig.sends()).toHaveLength(1);
    // A second run that finds the mark of the first calls it uncertain; the first knows better.
    expect((await rig.entry(job)).status).toBe('delivered');
  });

  it('believes a late answer of a worker that was thought dead', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow: DeliveryRig = await createDeliveryRig({
      ledger: {
        async end(id, from, outcome) {
          if (outcome.status === 'delivered') await answered;
          return slow.ledger.end(id, from, outcome);
        },
      },
    });
    try {
      const job = await slow.accept(await slow.addChat());
      const late = slow.deliver(job);
      await expect.poll(async () => (await slow.entry(job)).status).toBe('sending');
      const outcome = { status: 'uncertain', reason: 'worker_died' };
      expect(await slow.deliver(job)).toMatchObject({ outcome });
      answer();
      expect(await late).toMatchObject({ outcome: { status: 'delivered' } });
      expect((await slow.entry(job)).status).toBe('delivered');
      expect(slow.sends()).toHaveLength(1);
    } finally {
      answer();
      await slow.close();
    }
  });

  it('drops a job whose alert was withdrawn', async () => {
    const chat = await rig.addChat();
    const job = await rig.accept(chat);
    await rig.ledger.withdraw(job.alertId, chat.id);
    const { called, ...delivery } = await rig.deliver(job);
    expect(delivery).toMatchObject({ outcome: { status: 'dropped', reason: 'not_in_ledger' } });
    expect(called).toBe(false);
    expect(rig.sends()).toHaveLength(0);
  });

  it('leaves a job alone that it does not know in a queue that belongs to another database', async () => {
    const foreign = await createDeliveryRig({ queue: { isOurs: async () => false } });
    try {
      const chat = await foreign.addChat();
      const job = await foreign.accept(chat);
      await foreign.ledger.withdraw(job.alertId, chat.id);
      const left = await foreign.delivery.deliver(job, new AbortController().signal);
      expect(left).toMatchObject({ kind: 'defer', ms: 60_000, called: false });
    } finally {
      await foreign.close();
    }
  });

  it('calls an alert uncertain whose worker died between mark and outcome', async () => {
    const job = await rig.accept(await rig.addChat());
    await rig.ledger.claim(job.alertId, Date.now());
    expect(await rig.deliver(job)).toMatchObject({ outcome: { status: 'uncertain', reason: 'worker_died' } });
    expect(await rig.entry(job)).toMatchObject({ status: 'uncertain', reason: 'worker_died' });
    expect(rig.sends()).toHaveLength(0);
  });

  it('goes on after the last part that arrived', async () => {
    const chat = await rig.addChat();
    const job = await rig.accept(chat, { message: `${'a'.repeat(4_000)} ${'b'.repeat(4_000)}` });
    rig.double.fault({ text: 'bbb', action: errorAnswer(400, 'Bad Request: CHAT_WRITE_FORBIDDEN') });
    await rig.deliver(job);
    expect(await rig.entry(job)).toMatchObject({ status: 'failed', parts: 2 });
    await rig.ledger.requeue(job.alertId, Date.now());
    await rig.deliver(job);
    expect(await rig.entry(job)).toMatchObject({ status: 'delivered', parts: 2 });
    const letters = rig.double.messages(chat.chatId).map(({ text = '' }) => text.at(-1));
    expect(letters).toEqual(['a', 'b']);
  });

  it('fails what it cannot read, and what is revoked, without a call', async () => {
    const chat = await rig.addChat();
    const [damaged, other] = [await rig.accept(chat), await rig.accept(chat)];
    rig.texts.set(damaged.alertId, rig.texts.get(other.alertId) ?? '');
    expect(await rig.deliver(damaged)).toMatchObject({ outcome: { status: 'failed', reason: 'unreadable' } });
    await rig.integrations.revoke(chat);
    expect(await rig.deliver(other)).toMatchObject({
      called: false,
      outcome: { status: 'failed', reason: 'revoked' },
    });
    expect((await rig.entry(other)).reason).toBe('revoked');
    expect(rig.sends()).toHaveLength(0);
  });

  it('sends nothing after its ttl', async () => {
    const job = await rig.accept(await rig.addChat(), {}, { expiresAt: Date.now() - 1 });
    expect(await rig.deliver(job)).toMatchObject({ called: false, outcome: { status: 'expired' } });
    expect((await rig.entry(job)).status).toBe('expired');
    expect(rig.sends()).toHaveLength(0);
  });

  it('blocks a chat for as long as Telegram says, and keeps the alert queued', async () => {
    const job = await rig.accept(await rig.addChat());
    rig.double.fault({ action: tooManyRequestsAnswer(7) });
    const directive = await rig.delivery.deliver(job, new AbortController().signal);
    expect(directive).toEqual({ kind: 'defer', ms: 7_000, called: true });
    expect(rig.blocks).toEqual([{ chat: job.chat, ms: 7_000 }]);
    expect((await rig.entry(job)).status).toBe('queued');
  });

  it('keeps alerts queued while nobody listens, tries seldom, and goes on by itself', async () => {
    const chat = await rig.addChat();
    const jobs = [await rig.accept(chat), await rig.accept(chat)];
    await rig.double.goDown();
    const running = Promise.all(jobs.map((job) => rig.deliver(job)));
    await expect.poll(() => rig.emitted, { timeout: 5_000 }).toEqual(['telegram.unreachable']);
    // The call that told of it is not put back yet: the ledger hears of it after the event.
    for (const job of jobs) await expect.poll(async () => (await rig.entry(job)).status).toBe('queued');
    await rig.double.comeBack();
    await running;
    for (const job of jobs) expect((await rig.entry(job)).status).toBe('delivered');
    expect(rig.emitted).toEqual(['telegram.unreachable', 'telegram.recovered']);
    expect(rig.sends()).toHaveLength(2);
  });

  it.each([
    [401, 'Unauthorized'],
    [400, 'Bad Request: Logged out'],
  ])(
    'makes one call with a bot token that is refused, and goes on when it is valid again: %i %s',
    async (code, text) => {
      const chat = await rig.addChat();
      const fault = rig.double.fault({ times: 'always', action: errorAnswer(code, text) });
      const job = await rig.accept(chat);
      const running = rig.deliver(job);
      await expect.poll(() => rig.emitted).toEqual(['telegram.halted']);
      await expect.poll(() => fault.hits).toBeGreaterThan(3); // probes
      expect(rig.sends()).toHaveLength(1);
      expect((await rig.integration(chat)).unreachableSince).toBeNull();
      fault.remove();
      await running;
      expect((await rig.entry(job)).status).toBe('delivered');
      expect(rig.emitted).toEqual(['telegram.halted', 'telegram.recovered']);
    },
  );

  it('gives an alert back untouched when the worker stops while Telegram is away', async () => {
    const job = await rig.accept(await rig.addChat());
    const fault = rig.double.fault({ times: 'always', action: errorAnswer(401, 'Unauthorized') });
    const stopping = new AbortController();
    const running = rig.deliver(job, stopping.signal);
    await expect.poll(() => fault.hits).toBeGreaterThan(0);
    stopping.abort();
    expect(await running).toEqual({ kind: 'defer', ms: 0, called: true });
    expect((await rig.entry(job)).status).toBe('queued');
  });
});

describe('the ttl', () => {
  it('is kept though the turn comes just before its end, and the slot after it', async () => {
    const rig = await createDeliveryRig({
      pace: {
        take: async ({ alertId }) => ({
          ...{ kind: 'go', waitMs: 300, sealed: rig.texts.get(alertId) ?? null, isFlooded: false },
        }),
      },
    });
    const job = await rig.accept(await rig.addChat(), {}, { expiresAt: Date.now() + 150 });
    expect(await rig.deliver(job)).toMatchObject({ called: false, outcome: { status: 'expired' } });
    expect(rig.sends()).toHaveLength(0);
    await rig.close();
  });

  it('is kept though the claim waits for the database', async () => {
    const rig = await createDeliveryRig({
      ledger: {
        async claim(id, sendAt) {
          const claimed = await rig.ledger.claim(id, sendAt);
          await new Promise((resolve) => setTimeout(resolve, 400));
          return claimed;
        },
      },
    });
    const job = await rig.accept(await rig.addChat(), {}, { expiresAt: Date.now() + 300 });
    expect(await rig.deliver(job)).toMatchObject({ called: false, outcome: { status: 'expired' } });
    expect((await rig.entry(job)).status).toBe('expired');
    expect(rig.sends()).toHaveLength(0);
    await rig.close();
  });
});

describe('a worker that stops while Redis, which gives the turns, is away', () => {
  it('gives the alert back untouched', async () => {
    let asked = 0;
    const take = () => {
      asked += 1;
      return new Promise<never>(() => {});
    };
    const waiting = await createDeliveryRig({ pace: { take } });
    const job = await waiting.accept(await waiting.addChat());
    const stopping = new AbortController();
    const running = waiting.deliver(job, stopping.signal);
    await expect.poll(() => asked).toBe(1);
    stopping.abort();
    expect(await running).toEqual({ kind: 'defer', ms: 0, called: false });
    expect((await waiting.entry(job)).status).toBe('queued');
    expect(waiting.sends()).toHaveLength(0);
    await waiting.close();
  });
});

describe('an outcome that cannot be written', () => {
  it('leaves the mark, and upkeep calls the alert uncertain; it is not sent again', async () => {
    const broken = async (): Promise<never> => {
      throw new Error('disk full');
    };
    const rig = await createDeliveryRig({ ledger: { end: broken } });
    try {
      const job = await rig.accept(await rig.addChat());
      expect(await rig.deliver(job)).toMatchObject({
        outcome: { status: 'uncertain', reason: 'ledger_unavailable' },
      });
      expect((await rig.entry(job)).status).toBe('sending');
      const upkeep = createUpkeepService({
        integrations: rig.repository,
        ledger: rig.ledger,
        queue: {
          drop: async () => undefined,
          isOurs: async () => true,
          existing: async (ids) => new Set(ids),
          async *placeHolders() {},
          purgeEnded: async () => undefined,
        },
        ended: { publish: () => undefined },
        sweepIncidents: async () => undefined,
        closeDays: async () => undefined,
        cipher: rig.cipher,
        jobRuns: { succeeded: async () => undefined },
        events: rig.events,
        clock: { now: () => Date.now() + 60_000 },
        telegramTimeoutMs: 30_000,
      });
      await upkeep.upkeep();
      expect(await rig.entry(job)).toMatchObject({ status: 'uncertain', reason: 'worker_died' });
      await rig.deliver(job);
      expect(rig.sends()).toHaveLength(1);
    } finally {
      await rig.close();
    }
  });

  it('of a call that reached nobody ends as uncertain, never as a second send', async () => {
    const broken = async (): Promise<never> => {
      throw new Error('disk full');
    };
    const rig = await createDeliveryRig({ ledger: { release: broken } });
    try {
      const job = await rig.accept(await rig.addChat());
      rig.double.fault({ action: tooManyRequestsAnswer(1) });
      await rig.deliver(job);
      expect((await rig.entry(job)).status).toBe('uncertain');
      expect(rig.sends()).toHaveLength(1);
    } finally {
      await rig.close();
    }
  });
});
