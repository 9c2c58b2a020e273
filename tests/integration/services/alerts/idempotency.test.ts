import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/domain/errors.ts';
import { createAlertService } from '../../../../src/services/alerts/alerts.ts';
import type { AlertJob } from '../../../../src/services/ports/queue.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { createRig, type Rig, type RigOptions, request, tally, times } from '../rig.ts';

let server: TestRedis;
let rigs: Rig[] = [];
const open = async (options?: RigOptions) => {
  const rig = await createRig(server, options);
  rigs.push(rig);
  return rig;
};
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(async () => {
  for (const rig of rigs) await rig.close();
  rigs = [];
});
afterAll(() => server.stop());

const KEY = { idempotencyKey: 'order-4711' };

describe('an Idempotency-Key', () => {
  it('makes one alert of 50 concurrent requests: one unit, one id, 49 of them replayed', async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const answers = await Promise.all(times(50, () => rig.alerts.accept(integration, request(), KEY)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(new Set(answers.map(({ remaining }) => remaining))).toEqual(new Set([9]));
    expect(answers.filter(({ replayed }) => replayed)).toHaveLength(49);
    expect(await rig.left(integration.id)).toBe(9);
    expect((await rig.queue.counts()).pending).toBe(1);
    expect([rig.seen('alert.accepted').length, rig.seen('alert.replayed').length]).toEqual([1, 49]);
  });

  it('makes one alert of concurrent requests to two processes', async () => {
    const rig = await open();
    const other = await open({ prefix: rig.prefix, file: rig.file });
    const { integration } = await rig.integrate();
    const answers = await Promise.all(
      times(20, (index) => (index % 2 ? rig : other).alerts.accept(integration, request(), KEY)),
    );
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await rig.left(integration.id)).toBe(9);
    expect((await rig.queue.counts()).pending).toBe(1);
  });

  it('belongs to its body: another one is a mismatch, the order of its keys is not', async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const first = await rig.alerts.accept(integration, request('a', { title: 't', ttl: 60 }), KEY);
    const reordered = {
      ttl: 60,
      title: 't',
      silent: false,
      priority: 'normal',
      format: 'plain',
      message: 'a',
    } as const;
    expect(await rig.alerts.accept(integration, reordered, KEY)).toEqual({ ...first, replayed: true });
    for (const changed of [request('b', { title: 't', ttl: 60 }), request('a', { title: 't' })]) {
      expect(await tally([rig.alerts.accept(integration, changed, KEY)])).toEqual({
        idempotency_mismatch: 1,
      });
    }
    expect(await rig.left(integration.id)).toBe(9);
  });

  it('belongs to its integration', async () => {
    const rig = await open();
    const [one, two] = [await rig.integrate(1), await rig.integrate(2)];
    const first = await rig.alerts.accept(one.integration, request(), KEY);
    const second = await rig.alerts.accept(two.integration, request('other'), KEY);
    expect([first.replayed, second.replayed]).toEqual([false, false]);
    expect(second.id).not.toBe(first.id);
  });

  it('repeats its answer while the queue is full and the quota used up', async () => {
    const rig = await open({ maxPending: 1, dailyLimit: 1 });
    const { integration } = await rig.integrate();
    const first = await rig.alerts.accept(integration, request(), KEY);
    expect(await tally([rig.alerts.accept(integration, request(), {})])).toEqual({ quota_exhausted: 1 });
    expect(await rig.alerts.accept(integration, request(), KEY)).toEqual({ ...first, replayed: true });
  });

  it('repeats its answer after the alert was delivered, without sending it again', async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const first = await rig.alerts.accept(integration, request(), KEY);
    await rig.ledger.end(first.id, ['queued'], { status: 'delivered', reason: null, now: rig.clock.now() });
    await rig.dispatch.discard(first.id);
    expect(await rig.alerts.accept(integration, request(), KEY)).toEqual({ ...first, replayed: true });
    expect((await rig.queue.counts()).pending).toBe(0);
  });

  it('is free again 24 h later, and not before', async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const first = await rig.alerts.accept(integration, request(), KEY);
    rig.advance(86_400_000 - 10_000);
    expect((await rig.alerts.accept(integration, request(), KEY)).replayed).toBe(true);
    rig.advance(10_000);
    const later = await rig.alerts.accept(integration, request('a new text'), KEY);
    expect(later.replayed).toBe(false);
    expect(later.id).not.toBe(first.id);
  });

  it('is free again after a refusal, and every concurrent repeat hears of the refusal', async () => {
    const rig = await open({ maxPending: 1 });
    const { integration } = await rig.integrate();
    const blocker = await rig.alerts.accept(integration, request('first'), {});
    const repeats = times(10, () => rig.alerts.accept(integration, request(), KEY));
    expect(await tally(repeats)).toEqual({ queue_full: 10 });
    expect(await rig.left(integration.id)).toBe(9);
    await rig.dispatch.discard(blocker.id);
    expect(await rig.alerts.accept(integration, request(), KEY)).toMatchObject({ replayed: false });
  });
});

describe('a first request that doubts, in another process', () => {
  /** Another process whose queue takes the alert, but does not say so until it is told, and then fails. */
  async function doubting() {
    const rig = await open();
    const { integration } = await rig.integrate();
    let fail = (): void => undefined;
    const doubt = new Promise<never>((_resolve, reject) => {
      fail = () => reject(new AppError('queue_unavailable', 'timed out'));
    });
    const add = async (job: AlertJob, sealed: string) => {
      await rig.queue.add(job, sealed);
      return doubt;
    };
    const other = createAlertService({ ...rig.alertDeps, queue: { ...rig.queue, add } });
    const first = other.accept(integration, request(), KEY);
    first.catch(() => undefined);
    await expect.poll(async () => (await rig.queue.counts()).pending).toBe(1);
    return { rig, integration, first, fail };
  }

  it('calls its alert accepted too, if a repeat was told so meanwhile', async () => {
    const { rig, integration, first, fail } = await doubting();
    const repeat = await rig.alerts.accept(integration, request(), KEY);
    fail();
    expect((await first).id).toBe(repeat.id);
    expect((await rig.ledger.find(repeat.id))?.status).toBe('queued');
    expect(await rig.left(integration.id)).toBe(9);
  });

  it('lets no repeat be told that its alert is accepted, once it has withdrawn it', async () => {
    const { rig, integration, first, fail } = await doubting();
    const ledger = {
      ...rig.ledger,
      // Between the repeat's look and its answer.
      confirm: async (id: string, now: number) => {
        fail();
        await first.catch(() => undefined);
        return rig.ledger.confirm(id, now);
      },
    };
    const repeating = createAlertService({ ...rig.alertDeps, ledger });
    expect(await tally([repeating.accept(integration, request(), KEY), first])).toEqual({
      queue_unavailable: 2,
    });
    expect(await rig.left(integration.id)).toBe(10);
  });
});

describe('a crash between ledger and queue', () => {
  /** A process that dies after it has written the entry. */
  async function crash(rig: Rig): Promise<Awaited<ReturnType<Rig['integrate']>>['integration']> {
    const { integration } = await rig.integrate();
    const add = () => new Promise<void>(() => undefined);
    const ledger = { ...rig.ledger, withdraw: () => new Promise<boolean>(() => undefined) };
    const dying = createAlertService({ ...rig.alertDeps, ledger, queue: { ...rig.queue, add } });
    void dying.accept(integration, request(), KEY).catch(() => undefined);
    await expect.poll(async () => (await rig.ledger.countByStatus()).queued).toBe(1);
    return integration;
  }

  it('is finished by the repeats: one job, one unit', async () => {
    const rig = await open();
    const integration = await crash(rig);
    const answers = await Promise.all(times(5, () => rig.alerts.accept(integration, request(), KEY)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.every(({ replayed }) => replayed)).toBe(true);
    expect(await rig.queue.existing([answers[0]?.id ?? ''])).toEqual(new Set([answers[0]?.id]));
    expect((await rig.queue.counts()).pending).toBe(1);
    expect(await rig.left(integration.id)).toBe(9);
  });

  it('is finished by a repeat that comes after upkeep has called the alert lost', async () => {
    const rig = await open();
    const integration = await crash(rig);
    rig.advance(61_000);
    await rig.upkeep.upkeep();
    expect(rig.seen('alert.failed').map(({ reason }) => reason)).toEqual(['lost']);
    const answers = await Promise.all(times(5, () => rig.alerts.accept(integration, request(), KEY)));
    const id = answers[0]?.id ?? '';
    expect(new Set(answers.map((answer) => answer.id))).toEqual(new Set([id]));
    expect(await rig.ledger.find(id)).toMatchObject({ status: 'queued', reason: null, endedAt: null });
    expect((await rig.queue.counts()).pending).toBe(1);
    expect(await rig.left(integration.id)).toBe(9);
  });

  it('stays loud when the queue refuses to take the lost alert back', async () => {
    const rig = await open({ maxPending: 1 });
    const integration = await crash(rig);
    rig.advance(61_000);
    await rig.upkeep.upkeep();
    const blocker = await rig.alerts.accept(integration, request('another'), {});
    expect(await tally([rig.alerts.accept(integration, request(), KEY)])).toEqual({ queue_full: 1 });
    expect((await rig.ledger.countByStatus()).failed).toBe(1);
    await rig.dispatch.discard(blocker.id);
    const { id } = await rig.alerts.accept(integration, request(), KEY);
    expect(await rig.queue.existing([id])).toEqual(new Set([id]));
  });
});
