import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { quotaSlot } from '../../../../src/domain/quota.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { createRig, type Rig, type RigOptions, request, TELEGRAM_TIMEOUT_MS, times } from '../rig.ts';

const DAY_MS = 86_400_000;

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

/** An integration that has used up a part of its quota, at the time given. */
async function used(options: RigOptions & { at: string }) {
  const rig = await open(options);
  rig.setTime(options.at);
  await rig.maintenance.catchUp();
  const { integration } = await rig.integrate();
  const use = () => rig.alerts.accept(integration, request(), {});
  await Promise.all([use(), use(), use()]);
  const left = () => rig.left(integration.id);
  return { rig, use, left };
}

describe('the reset of the quotas', () => {
  it('is owed by no fresh database, and not repeated on the same date', async () => {
    const { rig, left } = await used({ at: '2026-11-24T12:00:00Z' });
    await rig.maintenance.catchUp();
    await rig.maintenance.resetQuotas();
    expect(await left()).toBe(7);
    expect(rig.seen('quota.reset')).toEqual([]);
  });

  it('happens once for a missed midnight, however many processes start', async () => {
    const { rig, left, use } = await used({ at: '2026-11-24T12:00:00Z' });
    const others = await Promise.all(times(3, () => open({ file: rig.file, prefix: rig.prefix })));
    // Down for two nights.
    for (const one of [rig, ...others]) one.setTime('2026-11-26T09:00:00Z');
    await Promise.all([rig, ...others].map((one) => one.maintenance.catchUp()));
    expect(await left()).toBe(10);
    const resets = [rig, ...others].flatMap((one) => one.seen('quota.reset'));
    expect(resets).toEqual([{ integrations: 1, slot: '2026-11-26' }]);
    await use();
    await Promise.all(others.map((one) => one.maintenance.resetQuotas()));
    expect(await left()).toBe(9);
  });

  it.each([
    { timeZone: 'UTC', before: '2026-11-24T23:59:59.500Z', after: '2026-11-25T00:00:00.000Z' },
    { timeZone: 'Asia/Tokyo', before: '2026-11-24T14:59:59.500Z', after: '2026-11-24T15:00:00.000Z' },
    { timeZone: 'America/New_York', before: '2026-11-25T04:59:59.500Z', after: '2026-11-25T05:00:00.000Z' },
    { timeZone: 'Asia/Kolkata', before: '2026-11-24T18:29:59.500Z', after: '2026-11-24T18:30:00.000Z' },
    // The clocks skip midnight: the day begins at 01:00.
    { timeZone: 'America/Santiago', before: '2026-09-06T03:59:59.500Z', after: '2026-09-06T04:00:00.000Z' },
    // Clocks go back at 01:00 to 00:00, one hour after midnight: that midnight counts once.
    { timeZone: 'Atlantic/Azores', before: '2026-10-24T23:59:59.500Z', after: '2026-10-25T00:00:00.000Z' },
  ])('happens at midnight in $timeZone, and once', async ({ timeZone, before, after }) => {
    const { rig, left, use } = await used({ at: '2026-01-05T12:00:00Z', timeZone });
    rig.setTime(before);
    await rig.maintenance.resetQuotas();
    await use();
    // The fraction of a second that a test takes must not reach midnight.
    rig.setTime(before.replace('.500Z', '.000Z'));
    await rig.maintenance.resetQuotas();
    expect(await left()).toBe(9);
    for (const hours of [0, 1, 2]) {
      rig.setTime(after);
      rig.advance(hours * 3_600_000);
      await rig.maintenance.resetQuotas();
      expect(await left()).toBe(10 - hours);
      await use();
    }
    expect(rig.seen('quota.reset').at(-1)?.slot).toBe(quotaSlot(Date.parse(after), timeZone));
  });

  it('by hand happens each time, and does not replace that of midnight', async () => {
    const { rig, left, use } = await used({ at: '2026-11-24T12:00:00Z' });
    expect(await rig.maintenance.resetQuotasNow()).toBe(1);
    await use();
    rig.advance(1_000);
    expect(await rig.maintenance.resetQuotasNow()).toBe(1);
    expect(await left()).toBe(10);
    await use();
    rig.setTime('2026-11-25T00:00:01Z');
    await rig.maintenance.resetQuotas();
    expect(await left()).toBe(10);
  });

  it('does not give a refused alert its unit a second time', async () => {
    const { rig, left, use } = await used({ at: '2026-11-24T23:59:58Z', maxPending: 3 });
    const { add } = rig.queue;
    rig.queue.add = async (job, sealed) => {
      // Midnight passes while the queue is asked.
      rig.setTime('2026-11-25T00:00:01Z');
      await rig.maintenance.resetQuotas();
      return add(job, sealed);
    };
    await expect(use()).rejects.toMatchObject({ code: 'queue_full' });
    expect(await left()).toBe(10);
  });
});

describe('a backup', () => {
  it('tells its name without its folder', async () => {
    const rig = await open();
    const written: object[] = [];
    rig.events.on('backup.written', (event) => written.push(event));
    const file = await rig.maintenance.backup();
    expect(file?.startsWith(rig.dir)).toBe(true);
    expect(written).toMatchObject([{ file: expect.stringMatching(/^pingui-backup-[^/]*\.db$/) }]);
  });

  it('is owed a quarter of an hour after three o’clock, until there is one', async () => {
    const rig = await open();
    rig.setTime('2026-11-24T12:00:00Z');
    await rig.maintenance.catchUp();
    expect(await rig.maintenance.owesBackup()).toBe(false);
    rig.setTime('2026-11-25T03:14:58Z');
    expect(await rig.maintenance.owesBackup()).toBe(false);
    rig.setTime('2026-11-25T03:15:00Z');
    expect(await rig.maintenance.owesBackup()).toBe(true);
    await rig.maintenance.backup();
    expect(await rig.maintenance.owesBackup()).toBe(false);
    rig.setTime('2026-11-26T03:15:00Z');
    expect(await rig.maintenance.owesBackup()).toBe(true);
  });
});

describe('upkeep', () => {
  async function accepted(options?: RigOptions) {
    const rig = await open(options);
    const { integration } = await rig.integrate();
    const accept = async (ttl?: number) =>
      (await rig.alerts.accept(integration, request('text', { ttl }), {})).id;
    const status = async (id: string) => (await rig.ledger.find(id))?.status;
    return { rig, integration, accept, status };
  }

  it('expires what waited beyond its ttl, frees its place, forgets its text and wakes who waits for it', async () => {
    const { rig, integration, accept, status } = await accepted();
    const [short, long] = [await accept(1), await accept(600)];
    const chat = rig.cipher.hashChat(integration.chatId);
    rig.advance(1_000);
    const woken = rig.ended.wait(short, 20_000, new AbortController().signal);
    await rig.upkeep.upkeep();
    await woken;
    expect([await status(short), await status(long)]).toEqual(['expired', 'queued']);
    expect((await rig.queue.counts()).pending).toBe(1);
    expect([await rig.queue.hasText(short), await rig.queue.hasText(long)]).toEqual([false, true]);
    expect(rig.seen('alert.expired')).toEqual([{ alertId: short, integrationId: integration.id, chat }]);
    expect(rig.seen('upkeep.done')).toEqual([{ expired: 1, uncertain: 0, lost: 0 }]);
  });

  it('calls a send uncertain whose worker has been gone for longer than a call can take', async () => {
    const { rig, accept, status } = await accepted();
    const [dead, alive] = [await accept(), await accept()];
    await rig.ledger.claim(dead, rig.clock.now());
    rig.advance(TELEGRAM_TIMEOUT_MS + 5_000);
    await rig.ledger.claim(alive, rig.clock.now());
    await rig.upkeep.upkeep();
    expect(await status(dead)).toBe('sending');
    rig.advance(6_000);
    const woken = rig.ended.wait(dead, 20_000, new AbortController().signal);
    await rig.upkeep.upkeep();
    await woken;
    expect(await rig.ledger.find(dead)).toMatchObject({ status: 'uncertain', reason: 'worker_died' });
    expect(await status(alive)).toBe('sending');
    expect(rig.seen('alert.uncertain')).toMatchObject([{ alertId: dead, reason: 'worker_died' }]);
  });

  it('calls lost what Redis does not hold any more, and only that', async () => {
    const { rig, integration, accept, status } = await accepted();
    const [gone, waiting] = [await accept(), await accept()];
    const later = Date.now() + 3_600_000;
    const scheduled = (await rig.alerts.accept(integration, request('x', { deliverAt: later }), {})).id;
    await rig.bull.remove(gone);
    rig.advance(49_000);
    await rig.upkeep.upkeep();
    expect(await status(gone)).toBe('queued');
    rig.advance(2_000);
    const fresh = await accept();
    await rig.bull.remove(fresh);
    await rig.upkeep.upkeep();
    expect(await rig.ledger.find(gone)).toMatchObject({ status: 'failed', reason: 'lost' });
    for (const id of [waiting, scheduled, fresh]) expect(await status(id)).toBe('queued');
    expect(rig.seen('alert.failed')).toMatchObject([{ alertId: gone, reason: 'lost' }]);
    // Its text is there all the same, and can be sent again by hand.
    await rig.alerts.resend('operator', gone);
    expect(await status(gone)).toBe('queued');
  });

  it('calls all lost that a FLUSHALL took, and says when it last succeeded', async () => {
    const { rig, accept, status } = await accepted();
    const ids = [await accept(), await accept()];
    await rig.fast.flushall();
    rig.advance(51_000);
    await rig.upkeep.upkeep();
    for (const id of ids)
      expect(await rig.ledger.find(id)).toMatchObject({ status: 'failed', reason: 'lost' });
    const { upkeep = 0 } = (await rig.jobRuns.history()).lastSuccess;
    expect(rig.clock.now() - upkeep).toBeLessThan(5_000);
    // And what comes now is taken as ever.
    expect(await status(await accept())).toBe('queued');
  });

  it('finds what is lost behind more entries than one batch', async () => {
    const { rig, integration } = await accepted({ dailyLimit: 2_000, maxPending: 2_000 });
    const made: { readonly id: string }[] = [];
    // All at once they would share the 1.5 s of one accept.
    while (made.length < 1_003)
      made.push(...(await Promise.all(times(59, () => rig.alerts.accept(integration, request(), {})))));
    rig.advance(10);
    const last = await Promise.all(times(2, () => rig.alerts.accept(integration, request(), {})));
    const gone = [made[0], ...last].map((one) => one?.id ?? '');
    await rig.dispatch.discard(...gone);
    rig.advance(61_000);
    await rig.upkeep.upkeep();
    expect(rig.seen('upkeep.done')).toEqual([{ expired: 0, uncertain: 0, lost: 3 }]);
    expect(new Set(rig.seen('alert.failed').map(({ alertId }) => alertId))).toEqual(new Set(gone));
  });

  it('calls nothing lost while Redis cannot be asked', async () => {
    const { rig, accept, status } = await accepted();
    const id = await accept();
    rig.advance(61_000);
    const existing = rig.queue.existing;
    rig.queue.existing = () => Promise.reject(new Error('no answer'));
    await expect(rig.upkeep.upkeep()).rejects.toThrow('no answer');
    rig.queue.existing = existing;
    await rig.upkeep.upkeep();
    expect(await status(id)).toBe('queued');
  });

  it('deletes ended entries after 30 days', async () => {
    const { rig, accept, status } = await accepted();
    const [old, recent] = [await accept(), await accept()];
    await rig.endAsKept(old, 'failed');
    await rig.endAsKept(recent, 'uncertain');
    await rig.upkeep.upkeep();
    expect(await status(old)).toBe('failed');
    rig.advance(30 * 86_400_000 + 1_000);
    const waiting = await accept();
    await rig.upkeep.upkeep();
    expect([await status(old), await status(recent), await status(waiting)]).toEqual([
      undefined,
      undefined,
      'queued',
    ]);
  });

  it('deletes integrations 30 days after they were revoked and unused ones after 7, and reads none of them', async () => {
    const rig = await open();
    const { integration: kept } = await rig.integrate();
    const unused = (await rig.integrations.issueSetupToken(kept.chatId, 'never used')).integration;
    const revoked: number[] = [];
    for (const name of times(12, (index) => `revoked ${index}`)) {
      const { integration } = await rig.integrate(kept.chatId, name);
      await rig.integrations.revoke(integration);
      revoked.push(integration.id);
    }
    const rows = watchRows(rig);
    const left = async (ids: readonly number[]) => {
      const found = await rig.db.knex('Integrations').whereIn('id', ids).count({ n: '*' });
      return Number(found[0]?.n);
    };
    const afterUpkeep = async () => {
      await rig.upkeep.upkeep();
      return [await left([kept.id]), await left([unused.id]), await left(revoked)];
    };
    // Its setup token was valid for 5 minutes.
    rig.advance(7 * DAY_MS);
    expect(await afterUpkeep()).toEqual([1, 1, 12]);
    rig.advance(301_000);
    expect(await afterUpkeep()).toEqual([1, 0, 12]);
    rig.advance(23 * DAY_MS - 320_000);
    expect(await afterUpkeep()).toEqual([1, 0, 12]);
    await rig.maintenance.resetQuotasNow();
    await rig.integrations.listForChat(kept.chatId);
    await rig.integrations.issueSetupToken(kept.chatId);
    await rig.alerts.accept(kept, request(), {});
    rig.advance(30_000);
    expect(await afterUpkeep()).toEqual([1, 0, 0]);
    const ids = new Set<unknown>([unused.id, ...revoked]);
    expect(rows.filter((row) => ids.has(row.id))).toEqual([]);
    // It watches.
    expect(rows.some((row) => row.id === kept.id)).toBe(true);
  });
});

/** All rows that statements give to this process from now on, by knex or past it. */
function watchRows({ db }: Rig): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  const note = (answer: unknown) => {
    if (Array.isArray(answer)) rows.push(...answer);
  };
  db.knex.on('query-response', note);
  const { client } = db.knex;
  const execute = client.execute.bind(client);
  client.execute = async (...args: unknown[]) => {
    const answer = await execute(...args);
    note(answer);
    return answer;
  };
  return rows;
}
