import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dispatchKeys } from '../../../../src/queue/keys.ts';
import { createDeliveryService } from '../../../../src/services/delivery/delivery.ts';
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
  server.thaw();
  for (const rig of rigs) await rig.close();
  rigs = [];
});
afterAll(() => server.stop());

/** What the worker does with a job; fails the test if that would reach Telegram. */
function deliveryOf(rig: Rig) {
  const unexpected = (): never => {
    throw new Error('this alert must not be sent');
  };
  return createDeliveryService({
    ...rig,
    integrations: rig.repository,
    integrationService: rig.integrations,
    guard: { ready: async () => undefined, send: unexpected },
    leads: { read: unexpected, settle: unexpected },
    render: unexpected,
    renderRest: unexpected,
    pace: { take: unexpected, sent: unexpected, block: unexpected, answered: unexpected },
  });
}

describe('accepting alerts', () => {
  it('gives ids that grow with time, so that new entries are neighbours in the index', async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const ids: string[] = [];
    for (const text of times(5, (index) => `m${index}`))
      ids.push((await rig.alerts.accept(integration, request(text), {})).id);
    expect(ids).toEqual([...ids].sort());
    const began = Number.parseInt((ids[0] ?? '').replace('-', '').slice(0, 12), 16);
    expect(Math.abs(Date.now() - began)).toBeLessThan(60_000);
  });

  it('seals whom an alert is from with its text, once the chat has several integrations', async () => {
    const rig = await open();
    const web = await rig.integrate(1001, 'web');
    const sealed = async ({ integration }: typeof web) => {
      const { id } = await rig.alerts.accept(integration, request('m'), {});
      return rig.cipher.open((await rig.fast.get(dispatchKeys(rig.prefix).text(id))) ?? '', id);
    };
    expect(await sealed(web)).not.toHaveProperty('from');
    const db = await rig.integrate(1001, 'db');
    expect([(await sealed(web)).from, (await sealed(db)).from]).toEqual(['web', 'db']);
    await rig.integrations.setShowName(web.integration, false);
    expect(await sealed(web)).not.toHaveProperty('from');
    const ids = rig.seen('alert.accepted').map(({ integrationId }) => integrationId);
    expect(ids.slice(0, 3)).toEqual([web.integration.id, web.integration.id, db.integration.id]);
  });

  it('takes exactly the quota of 200 concurrent alerts, and says how many are left', async () => {
    const rig = await open({ dailyLimit: 10 });
    const { integration } = await rig.integrate();
    const calls = times(200, (index) => rig.alerts.accept(integration, request(`m${index}`), {}));
    expect(await tally(calls)).toEqual({ ok: 10, quota_exhausted: 190 });
    const accepted = (await Promise.allSettled(calls)).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value.remaining] : [],
    );
    expect(accepted.sort((a, b) => b - a)).toEqual(times(10, (index) => 9 - index));
    expect(await rig.left(integration.id)).toBe(0);
    // And the notice that tells the chat.
    await expect.poll(async () => (await rig.queue.counts()).pending).toBe(11);
    expect(rig.seen('quota.exhausted')).toHaveLength(190);
  });

  it('says when the quota resets, in the time zone of the service', async () => {
    const rig = await open({ dailyLimit: 1, timeZone: 'Asia/Tokyo' });
    const { integration } = await rig.integrate();
    rig.setTime('2026-11-24T12:00:00Z');
    await rig.alerts.accept(integration, request(), {});
    const refused = await rig.alerts.accept(integration, request(), {}).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'quota_exhausted' });
    // Tokyo's midnight is 15:00 UTC; a second of running time is allowed.
    expect((refused as { retryAfterSeconds: number }).retryAfterSeconds).toBeGreaterThan(3 * 3_600 - 5);
    expect((refused as { retryAfterSeconds: number }).retryAfterSeconds).toBeLessThanOrEqual(3 * 3_600);
  });

  it('gives the units back that a full queue refused, and leaves no entry', async () => {
    const rig = await open({ dailyLimit: 100, maxPending: 5 });
    const { integration } = await rig.integrate();
    const calls = times(40, (index) => rig.alerts.accept(integration, request(`m${index}`), {}));
    expect(await tally(calls)).toEqual({ ok: 5, queue_full: 35 });
    expect(await rig.left(integration.id)).toBe(95);
    expect((await rig.ledger.countByStatus()).queued).toBe(5);
  });

  it('refuses what a frozen Redis does not take in time; the late job is dropped and costs nothing', async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const { reserve } = rig.places;
    // Between the two steps into the queue.
    rig.places.reserve = async (reservations) => {
      const places = await reserve(reservations);
      server.freeze();
      return places;
    };
    const began = performance.now();
    expect(await tally(times(3, () => rig.alerts.accept(integration, request(), {})))).toEqual({
      queue_unavailable: 3,
    });
    expect(performance.now() - began).toBeLessThan(1_600);
    expect(await rig.left(integration.id)).toBe(10);
    server.thaw();
    const late = () => rig.bull.getJobs(['prioritized']).catch(() => []);
    await expect.poll(async () => (await late()).length).toBe(3);
    const delivery = deliveryOf(rig);
    for (const { id = '', data } of await late()) {
      const result = await delivery.deliver({ ...data, alertId: id }, new AbortController().signal);
      expect(result).toMatchObject({ outcome: { status: 'dropped' } });
    }
    await rig.upkeep.upkeep();
    expect((await rig.queue.counts()).pending).toBe(0);
    expect(await rig.left(integration.id)).toBe(10);
  });

  it('calls an alert accepted that the worker took before its add was answered', async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const fast = rig.queue.add;
    rig.queue.add = async (job, sealed) => {
      await fast(job, sealed);
      await rig.ledger.claim(job.alertId, rig.clock.now());
      throw new Error('timed out');
    };
    const accepted = await rig.alerts.accept(integration, request(), {});
    expect((await rig.ledger.find(accepted.id))?.status).toBe('sending');
    expect(await rig.left(integration.id)).toBe(9);
  });

  it('calls an alert accepted of which a part has arrived before its add was answered', async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const { add } = rig.queue;
    rig.queue.add = async (job, sealed) => {
      await add(job, sealed);
      await rig.ledger.claim(job.alertId, rig.clock.now());
      await rig.ledger.addPart(job.alertId, 2, 77);
      throw new Error('timed out');
    };
    const accepted = await rig.alerts.accept(integration, request(), {});
    expect(await rig.ledger.find(accepted.id)).toMatchObject({ status: 'queued', messageIds: [77] });
    expect(await rig.left(integration.id)).toBe(9);
  });

  it('refuses a revoked integration and a token that was rotated away meanwhile, and takes no unit', async () => {
    const rig = await open();
    const first = await rig.integrate(1);
    const second = await rig.integrate(2);
    await rig.integrations.rotate(first.integration);
    await rig.integrations.revoke(second.integration);
    expect(await tally([rig.alerts.accept(first.integration, request(), {})])).toEqual({ unauthorized: 1 });
    expect(await tally([rig.alerts.accept(second.integration, request(), {})])).toEqual({ unauthorized: 1 });
    const unshown = { ...second.integration, tokenHash: null };
    expect(await tally([rig.alerts.accept(unshown, request(), {})])).toEqual({ integration_not_active: 1 });
    expect((await rig.ledger.countByStatus()).queued).toBe(0);
    expect(rig.seen('alert.refused').map(({ code }) => code)).toEqual([
      'unauthorized',
      'unauthorized',
      'integration_not_active',
    ]);
  });

  it('hands its text to Redis only sealed, and the ledger gets none', async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const { id } = await rig.alerts.accept(integration, request('SECRET-TEXT', { tags: ['SECRET-TAG'] }), {});
    const stored = JSON.stringify([
      await rig.patient.hgetall(rig.base + id),
      await rig.db.knex('Alerts').select(),
    ]);
    expect(stored).not.toMatch(/SECRET|1001/);
    expect((await rig.alerts.get(integration, id)).tags).toEqual(['SECRET-TAG']);
  });
});

describe('waiting for the end of an alert', () => {
  const waiting = async () => {
    const rig = await open();
    const { integration } = await rig.integrate();
    const { id } = await rig.alerts.accept(integration, request(), {});
    const abort = new AbortController();
    const wait = (seconds: number) => rig.alerts.waitForEnd(integration, id, seconds, abort.signal);
    return { rig, id, integration, abort, wait };
  };
  const took = async (work: Promise<unknown>) => {
    const began = performance.now();
    await work;
    return performance.now() - began;
  };

  it('returns as soon as the alert ends, also when another process says so', async () => {
    const { rig, id, wait, integration } = await waiting();
    const other = await open({ prefix: rig.prefix, file: rig.file });
    const both = Promise.all([
      wait(20),
      other.alerts.waitForEnd(integration, id, 20, new AbortController().signal),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await rig.ledger.end(id, ['queued'], { status: 'failed', reason: 'x', now: rig.clock.now() });
    rig.ended.publish(id);
    // A missed signal would be noticed by the poll a second later.
    expect(await took(both)).toBeLessThan(600);
    expect((await both).map(({ status }) => status)).toEqual(['failed', 'failed']);
  });

  it('returns the entry as it is when the time is up, and at once for 0 s', async () => {
    const { wait } = await waiting();
    expect((await wait(0)).status).toBe('queued');
    const ms = await took(wait(0.2));
    expect(ms).toBeGreaterThan(190);
    expect(ms).toBeLessThan(700);
  });

  it('waits no longer when the clock is set back meanwhile', async () => {
    const { rig, wait } = await waiting();
    const waited = took(wait(0.5));
    rig.advance(-3_600_000);
    expect(await waited).toBeLessThan(2_500);
  });

  it('returns when the caller goes away, also when it has gone before', async () => {
    const { wait, abort } = await waiting();
    setTimeout(() => abort.abort(), 50);
    expect(await took(wait(20))).toBeLessThan(600);
    expect(await took(wait(20))).toBeLessThan(300);
  });

  it('sees an end that no signal told about, within about a second', async () => {
    const { rig, id, wait } = await waiting();
    const ending = wait(20);
    await rig.ledger.end(id, ['queued'], { status: 'expired', reason: null, now: rig.clock.now() });
    expect(await took(ending)).toBeLessThan(1_500);
    expect((await ending).status).toBe('expired');
  });

  it('does not find the alert of another integration', async () => {
    const { rig, id } = await waiting();
    const { integration } = await rig.integrate(2);
    const wait = rig.alerts.waitForEnd(integration, id, 5, new AbortController().signal);
    expect(await tally([wait, rig.alerts.get(integration, id)])).toEqual({ not_found: 2 });
  });
});
