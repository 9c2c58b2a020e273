import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AlertStatus } from '../../../../src/domain/alert.ts';
import { dispatchKeys } from '../../../../src/queue/keys.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { createRig, type Rig, type RigOptions, request, tally, times } from '../rig.ts';

let server: TestRedis;
let rig: Rig;
beforeAll(async () => {
  server = await startTestRedis();
});
afterEach(() => rig.close());
afterAll(() => server.stop());

/** An alert that ended as `status`, with its text kept. */
async function kept(status: 'failed' | 'uncertain', options?: RigOptions) {
  rig = await createRig(server, options);
  const { integration } = await rig.integrate();
  const { id } = await rig.alerts.accept(integration, request(), {});
  await rig.endAsKept(id, status, 'blocked');
  return { integration, id };
}

describe('sending an alert again by hand', () => {
  it.each(['failed', 'uncertain'] as const)(
    'puts a(n) %s alert back once under 20 concurrent calls, and takes no unit',
    async (status) => {
      const { integration, id } = await kept(status);
      const calls = times(20, (index) => rig.alerts.resend(index % 2 ? 'operator' : { integration }, id));
      expect(await tally(calls)).toEqual({ ok: 1, not_resendable: 19 });
      expect(await rig.ledger.find(id)).toMatchObject({ status: 'queued', reason: null, endedAt: null });
      expect(await rig.order()).toEqual([id]);
      expect(await rig.left(integration.id)).toBe(9);
      expect(rig.seen('alert.resent')).toHaveLength(1);
    },
  );

  it('refuses while the operator has blocked the chat', async () => {
    const { integration, id } = await kept('uncertain');
    const [chat] = await rig.chats.list();
    await rig.chats.block(chat?.hash ?? '');
    for (const by of ['operator', { integration }] as const)
      await expect(rig.alerts.resend(by, id)).rejects.toMatchObject({ code: 'integration_not_active' });
    expect(rig.seen('chat.blocked')).toEqual([{ chat: chat?.hash, alerts: 0 }]);
    await rig.chats.unblock(chat?.hash ?? '');
    expect((await rig.alerts.resend({ integration }, id)).status).toBe('queued');
  });

  it.each<AlertStatus>(['queued', 'sending', 'delivered', 'expired'])(
    'refuses a %s alert',
    async (status) => {
      rig = await createRig(server);
      const { integration } = await rig.integrate();
      const { id } = await rig.alerts.accept(integration, request(), {});
      if (status !== 'queued') await rig.ledger.claim(id, rig.clock.now());
      if (status === 'delivered' || status === 'expired') {
        await rig.ledger.end(id, ['sending'], { status, reason: null, now: rig.clock.now() });
      }
      expect(await tally([rig.alerts.resend({ integration }, id)])).toEqual({ not_resendable: 1 });
      expect((await rig.ledger.find(id))?.status).toBe(status);
    },
  );

  it('is possible three times, whoever asks', async () => {
    const { integration, id } = await kept('failed');
    for (const by of ['operator', { integration }, 'operator'] as const) {
      await rig.alerts.resend(by, id);
      await rig.endAsKept(id, 'failed', 'blocked');
    }
    for (const by of ['operator', { integration }] as const) {
      await expect(rig.alerts.resend(by, id)).rejects.toMatchObject({
        code: 'not_resendable',
        detail: expect.stringContaining('3 times'),
      });
    }
    expect(await rig.ledger.find(id)).toMatchObject({ status: 'failed', resends: 3 });
  });

  it('refuses an alert whose ttl has passed: it would be late', async () => {
    rig = await createRig(server);
    const { integration } = await rig.integrate();
    const { id } = await rig.alerts.accept(integration, { ...request(), ttl: 60 }, {});
    await rig.endAsKept(id, 'failed', 'blocked');
    rig.advance(60_000);
    expect(await tally([rig.alerts.resend({ integration }, id)])).toEqual({ not_resendable: 1 });
    expect((await rig.ledger.find(id))?.status).toBe('failed');
  });

  it('refuses when the text is not kept any more', async () => {
    const { integration, id } = await kept('failed');
    await rig.fast.del(dispatchKeys(rig.prefix).text(id));
    expect(await tally([rig.alerts.resend({ integration }, id)])).toEqual({ not_resendable: 1 });
    expect((await rig.ledger.find(id))?.status).toBe('failed');
  });

  it('leaves everything as it was when the queue is full', async () => {
    const { integration, id } = await kept('uncertain', { maxPending: 1 });
    const before = await rig.ledger.find(id);
    await rig.alerts.accept(integration, request('fills the queue'), {});
    expect(await tally([rig.alerts.resend('operator', id)])).toEqual({ queue_full: 1 });
    expect(await rig.ledger.find(id)).toEqual(before);
    expect(await rig.queue.hasText(id)).toBe(true);
    expect((await rig.queue.counts()).pending).toBe(1);
  });

  it('succeeds when Redis took it but did not answer in time, and the worker has it already', async () => {
    const { integration, id } = await kept('failed');
    const { addAgain } = rig.queue;
    rig.queue.addAgain = async (job, sealed) => {
      await addAgain(job, sealed);
      await rig.ledger.claim(job.alertId, rig.clock.now());
      throw new Error('timed out');
    };
    await rig.alerts.resend({ integration }, id);
    expect((await rig.ledger.find(id))?.status).toBe('sending');
  });

  it('is refused for a revoked integration, and for the alert of another one', async () => {
    const { integration, id } = await kept('failed');
    const other = await rig.integrate(2);
    expect(await tally([rig.alerts.resend({ integration: other.integration }, id)])).toEqual({
      not_found: 1,
    });
    await rig.integrations.revoke(integration);
    expect(await tally([rig.alerts.resend('operator', id)])).toEqual({ integration_not_active: 1 });
    expect(await tally([rig.alerts.resend('operator', 'unknown')])).toEqual({ not_found: 1 });
  });

  it('gets a place at the end of its chat, before what came later', async () => {
    const { integration, id } = await kept('failed');
    const before = await rig.alerts.accept(integration, request('before'), {});
    await rig.alerts.resend('operator', id);
    const after = await rig.alerts.accept(integration, request('after'), {});
    expect(await rig.order()).toEqual([before.id, id, after.id]);
  });
});
