import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashToken } from '../../../../src/crypto/tokens.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { createRig, type Rig, request, tally, times } from '../rig.ts';

let server: TestRedis;
let rig: Rig;
beforeAll(async () => {
  server = await startTestRedis();
});
beforeEach(async () => {
  rig = await createRig(server, { maxPending: 5 });
});
afterEach(() => rig.close());
afterAll(() => server.stop());

const exchange = (token: string, input = {}) =>
  rig.integrations.create(rig.tokens.verify(token), hashToken(token), input);
const authenticate = (token: string) =>
  rig.integrations.authenticate(rig.tokens.verify(token), hashToken(token));

describe('a setup token', () => {
  it('gives exactly one integration under 50 concurrent uses', async () => {
    const setup = await rig.integrations.issueSetupToken(7);
    const uses = times(50, () => exchange(setup.token));
    expect(await tally(uses)).toEqual({ ok: 1, already_used: 49 });
    expect(await rig.integrations.listForChat(7)).toHaveLength(1);
    expect(rig.seen('integration.created')).toHaveLength(1);
    expect(await tally([exchange(setup.token)])).toEqual({ already_used: 1 });
  });

  it('is not used up by a faulty request', async () => {
    const { token } = await rig.integrations.issueSetupToken(7);
    const faulty = [
      exchange(token, { scope: 'alert:read' }),
      exchange(token, { scope: ' ' }),
      exchange(token, { name: '\n' }),
    ];
    expect(await tally(faulty)).toEqual({ invalid_request: 3 });
    expect(await tally([exchange(token, { chatId: 8 })])).toEqual({ chat_mismatch: 1 });
    const { integration } = await exchange(token, {
      scope: 'alert:send  alert:send',
      name: ' ci ',
      chatId: 7,
    });
    expect(integration).toMatchObject({ scope: 'alert:send', name: 'ci', status: 'active', rateLimit: 10 });
  });

  it('stays valid when the chat asks for a second one', async () => {
    const [first, second] = [
      await rig.integrations.issueSetupToken(7),
      await rig.integrations.issueSetupToken(7),
    ];
    expect(second.integration.id).not.toBe(first.integration.id);
    expect(await tally([exchange(first.token), exchange(second.token)])).toEqual({ ok: 2 });
  });

  it('leaves its place to a new one after its end', async () => {
    const first = await rig.integrations.issueSetupToken(7, 'old');
    rig.advance(301_000);
    const second = await rig.integrations.issueSetupToken(7, 'new');
    expect(second.integration.id).toBe(first.integration.id);
    expect((await exchange(second.token)).integration.name).toBe('new');
    expect(await rig.integrations.listForChat(7)).toHaveLength(1);
  });

  it('uses the row that /start made, which is on no list', async () => {
    await rig.integrations.registerChat(7);
    expect(await rig.integrations.listForChat(7)).toEqual([]);
    const [started] = await rig.repository.findByChat(7);
    expect(started).toMatchObject({ status: 'pending' });
    expect((await rig.integrations.issueSetupToken(7)).integration.id).toBe(started?.id);
    await rig.integrations.registerChat(7);
    expect(await rig.integrations.listForChat(7)).toHaveLength(1);
  });

  it('is renewed by a second one of the same name; the first is dead, and told so', async () => {
    const first = await rig.integrations.issueSetupToken(7, 'web');
    await rig.integrations.issueSetupToken(7, 'db');
    const second = await rig.integrations.issueSetupToken(7, 'web');
    expect(second.integration.id).toBe(first.integration.id);
    expect((await rig.integrations.listForChat(7)).map(({ name }) => name)).toEqual(['web', 'db']);
    await expect(exchange(first.token)).rejects.toMatchObject({
      code: 'already_used',
      detail: expect.stringContaining('a newer one has replaced it'),
    });
    expect((await exchange(second.token)).integration).toMatchObject({ name: 'web', status: 'active' });
    await expect(exchange(second.token)).rejects.toMatchObject({
      code: 'already_used',
      detail: expect.stringContaining('already been used'),
    });
    // A new one of that name is another integration.
    const third = await rig.integrations.issueSetupToken(7, 'web');
    expect(third.integration.id).not.toBe(first.integration.id);
  });

  it('is listed after the active ones, as ended for a day, then no longer', async () => {
    await rig.integrations.issueSetupToken(7, 'ended');
    rig.advance(301_000);
    await rig.integrate(8);
    const names = async () => (await rig.integrations.listForChat(7)).map(({ name }) => name);
    expect(await names()).toEqual(['ended']);
    rig.advance(86_400_000 - 60_000);
    expect(await names()).toEqual(['ended']);
    rig.advance(60_000);
    expect(await names()).toEqual([]);
  });
});

describe('names', () => {
  it('are numbered without an own one, and no two active ones share a number', async () => {
    const names = async () => (await rig.integrations.listForChat(7)).map(({ name }) => name);
    const [first] = [await rig.integrate(7), await rig.integrate(7)];
    expect(await names()).toEqual(['integration 1', 'integration 2']);
    await rig.integrations.revoke(first.integration);
    await rig.integrate(7);
    await rig.integrate(7);
    expect(await names()).toEqual(['integration 2', 'integration 1', 'integration 3']);
    // Nor do those that wait for their exchange.
    await rig.integrations.issueSetupToken(7);
    await rig.integrations.issueSetupToken(7);
    expect((await names()).slice(3)).toEqual(['integration 4', 'integration 5']);
  });

  it('are trimmed; empty, long and unprintable ones are refused', async () => {
    expect((await rig.integrations.issueSetupToken(7, '  ci  ')).integration.name).toBe('ci');
    const bad = ['', '   ', 'x'.repeat(65), 'a\u0000b', 'a\u001b[2Jb'];
    expect(await tally(bad.map((name) => rig.integrations.issueSetupToken(7, name)))).toEqual({
      invalid_request: bad.length,
    });
    expect((await rig.integrations.issueSetupToken(7, 'x'.repeat(64))).integration.name).toHaveLength(64);
  });
});

describe('rotating a token', () => {
  it('gives a new one and makes the old one dead at once; of 20 concurrent calls one wins', async () => {
    const old = await rig.integrate(7);
    const results = await Promise.allSettled(times(20, () => rig.integrations.rotate(old.integration)));
    const won = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(won).toHaveLength(1);
    expect(await tally([authenticate(old.token)])).toEqual({ unauthorized: 1 });
    const next = won[0]?.token ?? '';
    expect(await authenticate(next)).toMatchObject({ id: old.integration.id, status: 'active' });
    expect(rig.tokens.verify(next).scope).toBe(old.integration.scope);
  });

  it('keeps a token that authenticated a moment ago from sending', async () => {
    const { token, integration } = await rig.integrate(7);
    await authenticate(token);
    await rig.integrations.rotate(integration);
    expect(await tally([rig.alerts.accept(integration, request(), {})])).toEqual({ unauthorized: 1 });
    expect(await rig.left(integration.id)).toBe(10);
  });
});

describe('revoking', () => {
  it('kills the token, ends the queued alerts and frees their places in the queue', async () => {
    const { integration, token } = await rig.integrate(7);
    const other = await rig.integrate(8);
    const ids = await Promise.all(
      times(5, async (index) => (await rig.alerts.accept(integration, request(`${index}`), {})).id),
    );
    expect(await tally([rig.alerts.accept(other.integration, request(), {})])).toEqual({ queue_full: 1 });
    expect((await rig.integrations.revoke(integration)).status).toBe('revoked');
    expect(await tally([authenticate(token)])).toEqual({ unauthorized: 1 });
    for (const id of ids) {
      expect(await rig.ledger.find(id)).toMatchObject({ status: 'failed', reason: 'revoked' });
      expect(await rig.queue.hasText(id)).toBe(false);
    }
    expect((await rig.queue.counts()).pending).toBe(0);
    expect(await tally([rig.alerts.accept(other.integration, request(), {})])).toEqual({ ok: 1 });
    expect(rig.seen('integration.revoked')).toMatchObject([{ alerts: 5 }]);
    expect(
      rig
        .seen('alert.failed')
        .map(({ alertId }) => alertId)
        .sort(),
    ).toEqual([...ids].sort());
  });

  it('lets none of the concurrent accepts through that come after it, and loses none before it', async () => {
    const { integration } = await rig.integrate(7);
    const accepts = times(5, () => rig.alerts.accept(integration, request(), {}));
    const revoking = rig.integrations.revoke(integration);
    const late = times(5, () => rig.alerts.accept(integration, request(), {}));
    await revoking;
    await Promise.allSettled([...accepts, ...late]);
    const counts = await rig.ledger.countByStatus();
    expect(counts.queued).toBe(0);
    expect(await tally([rig.alerts.accept(integration, request(), {})])).toEqual({ unauthorized: 1 });
  });

  it('happens once', async () => {
    const { integration } = await rig.integrate(7);
    const calls = times(10, () => rig.integrations.revoke(integration));
    expect(await tally(calls)).toEqual({ ok: 1, integration_not_active: 9 });
    expect(await rig.integrations.listForChat(7)).toEqual([]);
  });
});

describe("a chat's integrations", () => {
  it('are listed with the active ones first, without revoked ones', async () => {
    const pending = await rig.integrations.issueSetupToken(7, 'pending');
    const first = await rig.integrate(7);
    const second = await rig.integrate(7);
    await rig.integrations.revoke((await rig.integrate(7)).integration);
    const ids = (integrations: { id: number }[]) => integrations.map(({ id }) => id);
    const active = [first.integration.id, second.integration.id];
    expect(ids(await rig.integrations.listForChat(7))).toEqual([...active, pending.integration.id]);
    expect(ids(await rig.integrations.listActive(7))).toEqual(active);
  });

  it('that are active are counted once when a lost chat returns', async () => {
    await rig.integrate(7);
    await rig.integrate(7);
    await rig.integrations.issueSetupToken(7, 'pending');
    expect(await rig.integrations.chatReturned(7)).toBe(0);
    await rig.integrations.chatLost(7, 'bot_blocked');
    expect(await rig.integrations.registerChat(7)).toMatchObject({ regained: 2, active: [{}, {}] });
    expect(await rig.integrations.registerChat(7)).toMatchObject({ regained: 0, active: [{}, {}] });
  });
});
