import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../../src/domain/errors.ts';
import type { Integration } from '../../../../src/domain/integration.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { createIncidentRig, type IncidentRig, idOf } from './rig.ts';

const MINUTE = 60_000;
let server: TestRedis;
let rig: IncidentRig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  const { faults } = rig;
  await rig.close();
  expect(faults).toEqual([]);
});

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

async function withDigest(env: Readonly<Record<string, string>> = {}): Promise<Integration> {
  rig = await createIncidentRig(server, env);
  const of = await rig.integrate();
  return rig.core.integrations.update(of, { overflow: 'digest' });
}
const digest = (count: number, ...titles: string[]) =>
  expect.stringMatching(
    new RegExp(`^${titles.map((title) => `• ${title}`).join('\\n')}\\n\\+${count} more since \\d\\d:\\d\\d$`),
  );

describe('what is beyond the quota', () => {
  it('is one message that counts it and shows the newest five titles', async () => {
    const of = await withDigest({ MAX_ALERTS: '1' });
    await rig.work();
    const single = await rig.plain(of, 'one');
    expect(single).toMatchObject({ folded: null, remaining: 0 });
    const second = await rig.plain(of, 'first line\nsecond line', { title: 'two' });
    expect(second).toMatchObject({ folded: 'digest', remaining: 0 });
    await soon(() => expect(rig.texts(of)).toEqual(['one', digest(1, 'two')]));
    const later = ['three', 'four', 'five', 'six'];
    for (const text of later) await rig.plain(of, `${text}\nand more`);
    const keyed = await rig.alert(of, 'seven', { title: 'by key', key: 'disk' });
    expect(keyed).toMatchObject({ folded: 'digest' });
    await soon(() => expect(rig.texts(of)[1]).toEqual(digest(6, 'by key', 'six', 'five', 'four', 'three')));
    for (const id of [second.id, idOf(keyed)])
      await soon(async () =>
        expect(await rig.entry(of, id)).toMatchObject({
          ...{ status: 'delivered', folded: 'digest', shown: true },
          incident: { id: second.id, state: 'open', count: 6 },
        }),
      );
    expect(rig.texts(of)).toHaveLength(2);
    expect(rig.seen('alert.folded')).toHaveLength(6);
    // No more of the texts than is shown.
    expect(await rig.redis.fast.keys(rig.keys.shown('*'))).toHaveLength(5);
  });

  it('ends a minute after the last one, says so, and leaves no text behind', async () => {
    const of = await withDigest({ MAX_ALERTS: '1' });
    await rig.work();
    await rig.plain(of, 'zero');
    const { id } = await rig.plain(of, 'one');
    await soon(() => expect(rig.texts(of)).toEqual(['zero', digest(1, 'one')]));
    await soon(async () => expect((await rig.core.incidents.find(id))?.leadId).toBeNull());
    rig.advance(MINUTE);
    await rig.core.upkeep.upkeep();
    rig.advance(10_000);
    await rig.core.upkeep.upkeep();
    await soon(() =>
      expect(rig.texts(of).slice(1)).toEqual([
        expect.stringMatching(/^• one\n\+1 more · \d\d:\d\d – \d\d:\d\d$/),
      ]),
    );
    await soon(async () => expect(await rig.redis.fast.keys(rig.keys.shown('*'))).toEqual([]));
    await rig.plain(of, 'two');
    await soon(() => expect(rig.texts(of)[2]).toEqual(digest(1, 'two')));
  });

  it('shows whom it is from, and answers a repeat of the request with the first answer', async () => {
    const of = await withDigest({ MAX_ALERTS: '1' });
    await rig.beside(of);
    await rig.work();
    await rig.plain(of, 'one');
    const send = () => rig.plain(of, 'two', { idempotencyKey: 'x' });
    const first = await send();
    expect(await send()).toMatchObject({ id: first.id, replayed: true, folded: 'digest' });
    await soon(() => expect(rig.texts(of)[1]).toMatch(/^• two\n— tests\n\+1 more since/));
    // Their own form of the text is written after they were counted: not where others have taken their place by then.
    await Promise.all(Array.from({ length: 12 }, (_, n) => rig.plain(of, `more ${n}`)));
    await soon(() => expect(rig.texts(of)[1]).toMatch(/\n— tests\n\+13 more since/));
    expect(await rig.redis.fast.keys(rig.keys.shown('*'))).toHaveLength(5);
  });
});

/** As senders do: what this machine refuses because it is busy is sent again. */
async function patiently(of: Integration, message: string) {
  for (;;) {
    try {
      return await rig.plain(of, message);
    } catch (error) {
      if (!(error instanceof AppError) || !error.code.endsWith('_unavailable')) throw error;
    }
  }
}

describe('a storm of 300 in a second', () => {
  it.each([
    ['beyond the quota', '10', [10, 10]],
    // Some are sent while the storm goes on.
    ['within the quota', '1000', [20, 40]],
  ] as const)(
    '%s delays nobody, is a few messages, and loses nothing',
    async (_, maxAlerts, [least, most]) => {
      const of = await withDigest({ SEND_DELAY_MS: '100', CHAT_DELAY_MS: '100', MAX_ALERTS: maxAlerts });
      const other = await rig.integrate();
      await rig.work();
      const taken: { id: string; folded: string | null }[] = [];
      for (let wave = 0; wave < 10; wave += 1) {
        const alerts = Array.from({ length: 30 }, (_, n) => patiently(of, `wave ${wave}, ${n}`));
        taken.push(...(await Promise.all(alerts)));
      }
      const beganAt = performance.now();
      const calm = await rig.plain(other, 'calm');
      await soon(async () => expect(await rig.entry(other, calm.id)).toMatchObject({ status: 'delivered' }));
      // Its turn comes after one of the storm's, at a rate of ten a second.
      expect(performance.now() - beganAt).toBeLessThan(2_000);
      await soon(async () =>
        expect(await rig.core.ledger.countByStatus()).toMatchObject({ queued: 0, sending: 0, failed: 0 }),
      );
      const single = taken.filter(({ folded }) => folded === null);
      const folded = taken.filter((one) => one.folded === 'digest');
      expect(single.length + folded.length).toBe(300);
      expect(single.length).toBeGreaterThanOrEqual(least);
      expect(single.length).toBeLessThanOrEqual(most);
      for (const { id } of taken) expect(await rig.entry(of, id)).toMatchObject({ status: 'delivered' });
      const texts = rig.texts(of);
      expect(texts).toHaveLength(single.length + 1);
      const newest = new RegExp(`^• wave 9, 29\\n(?:• .+\\n){4}\\+${folded.length} more since`);
      expect(texts.filter((text = '') => newest.test(text))).toHaveLength(1);
      // The first ones were sent before their followers.
      for (const text of texts.slice(0, least)) expect(text).toMatch(/^wave 0, /);
    },
  );
});
