import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { createRig, type Rig, request, tally } from '../rig.ts';

let server: TestRedis;
const rigs: Rig[] = [];
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(async () => {
  for (const rig of rigs.splice(0).reverse()) await rig.close();
});
afterAll(() => server.stop());

async function open(options: Parameters<typeof createRig>[1] = {}): Promise<Rig> {
  const rig = await createRig(server, { dailyLimit: 2, ...options });
  rigs.push(rig);
  return rig;
}

/** The notices in the queue, opened. */
async function notices(rig: Rig) {
  const entries = await rig.db.knex('Alerts').where({ priority: 'low' }).orderBy('createdAt');
  return Promise.all(
    entries.map(async ({ id, silent, remaining, status }) => {
      const sealed = (await rig.fast.get(`${rig.prefix}:dispatch:text:${id}`)) ?? '';
      return { text: rig.cipher.open(sealed, id).message, silent, remaining, status };
    }),
  );
}

it('tells the chat once a day, silently, whichever process refuses, and takes no unit for it', async () => {
  const rig = await open();
  const other = await open({ file: rig.file, prefix: rig.prefix });
  const { integration } = await rig.integrate(1001, 'backup');
  const sender = { id: integration.id, tokenHash: integration.tokenHash };
  const send = (count: number) =>
    tally(
      [rig, other].flatMap(({ alerts }) =>
        Array.from({ length: count }, () => alerts.accept(sender, request(), {})),
      ),
    );
  expect(await send(1)).toEqual({ ok: 2 });
  expect(await notices(rig)).toEqual([]);
  expect(await send(10)).toEqual({ quota_exhausted: 20 });
  await expect.poll(async () => (await notices(rig)).length).toBe(1);
  expect(await notices(rig)).toEqual([
    {
      text: expect.stringMatching(
        /^“backup” has sent all 2 of today's alerts\..* until \d{4}-\d\d-\d\d 00:00 UTC\./,
      ),
      silent: 1,
      remaining: 0,
      status: 'queued',
    },
  ]);
  expect(await rig.left(integration.id)).toBe(0);
  expect([...rig.seen('quota.used_up'), ...other.seen('quota.used_up')]).toHaveLength(1);

  // The next day it is told again; a process looks once a minute.
  await rig.maintenance.resetQuotasNow();
  const third = await open({ file: rig.file, prefix: rig.prefix });
  expect(await tally([1, 2, 3].map(() => third.alerts.accept(sender, request(), {})))).toEqual({
    ok: 2,
    quota_exhausted: 1,
  });
  await expect.poll(async () => (await notices(rig)).length).toBe(2);
});

it('is left out where the queue is full, and refuses all the same', async () => {
  const rig = await open({ maxPending: 2 });
  const { integration } = await rig.integrate(1002, 'backup');
  const sender = { id: integration.id, tokenHash: integration.tokenHash };
  expect(await tally([1, 2, 3].map(() => rig.alerts.accept(sender, request(), {})))).toEqual({
    ok: 2,
    quota_exhausted: 1,
  });
  await expect
    .poll(async () => (await rig.db.knex('Alerts').where({ priority: 'low' }))[0]?.reason)
    .toBe('not_queued');
});
