import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, bodyOf, CHAT, PUBLIC_URL, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => fixture.stop());

describe('POST /api/createIntegration', () => {
  it('exchanges a setup token once, with or without a body', async () => {
    const { token } = fixture.setup();
    const res = await fixture.call('/api/createIntegration', { token, method: 'POST' });
    const body = await bodyOf(res);
    expect(res.status).toBe(201);
    expect(body.integration).toMatchObject({
      id: 1,
      chatId: CHAT,
      status: 'active',
      rateLimit: 10,
      unreachable: null,
    });
    const again = await fixture.call('/api/createIntegration', { token, json: { name: 'x' } });
    expect(again.status).toBe(409);
    expect(await bodyOf(again)).toMatchObject({ code: 'already_used' });
    const sent = await fixture.call('/api/alert', { token: String(body.token), json: { message: 'x' } });
    expect(sent.status).toBe(202);
  });

  it('answers with a command that sends the first alert, ready to paste', async () => {
    const { token } = fixture.setup();
    const res = await fixture.call('/api/createIntegration', {
      token,
      method: 'POST',
      headers: { 'X-Forwarded-Host': 'evil.example' },
    });
    const { next, token: issued } = (await bodyOf(res)) as { next: { curl: string }; token: string };
    expect(next.curl).toContain(`curl -X POST ${PUBLIC_URL}/api/alert `);
    expect(next.curl).toContain(issued);
    const command = next.curl.replace(PUBLIC_URL, fixture.url);
    const { stdout } = await promisify(exec)(`${command} -s`);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'queued', remaining: 9 });
    const narrow = await fixture.call('/api/createIntegration', {
      token: fixture.setup().token,
      json: { scope: 'integration:read' },
    });
    expect(await bodyOf(narrow)).not.toHaveProperty('next');
  });

  it('tells the bot, in the language of whoever asked for the token', async () => {
    fixture.setUps.length = 0;
    const { token } = fixture.setup();
    await fixture.call('/api/createIntegration', { token, method: 'POST' });
    await fixture.call('/api/createIntegration', { token, method: 'POST' });
    expect(fixture.setUps).toEqual([{ integrationId: 1, locale: 'es-ES' }]);
  });

  it('gives the narrower scope that was asked for, and names the valid ones for others', async () => {
    const { token } = fixture.setup();
    const wrong = await fixture.call('/api/createIntegration', { token, json: { scope: 'alert:send all' } });
    expect(wrong.status).toBe(400);
    expect((await bodyOf(wrong)).detail).toContain('integration:rotate');
    const res = await fixture.call('/api/createIntegration', {
      token,
      json: { scope: 'alert:send', name: 'ci' },
    });
    expect(await bodyOf(res)).toMatchObject({ integration: { scope: 'alert:send', name: 'ci' } });
  });

  it('takes what becomes of alerts beyond the quota', async () => {
    const { token } = fixture.setup();
    const create = (json: object) => fixture.call('/api/createIntegration', { token, json });
    const wrong = await create({ overflow: 'drop' });
    expect(wrong.status).toBe(400);
    expect(await bodyOf(wrong)).toMatchObject({
      errors: [{ path: 'overflow', message: 'Send one of: refuse, digest.' }],
    });
    expect(await bodyOf(await create({ overflow: 'Digest' }))).toMatchObject({
      integration: { overflow: 'digest' },
    });
  });

  it('refuses another chat, wrong types and an integration token', async () => {
    const { token } = fixture.setup();
    const create = (json: unknown, by = token) => fixture.call('/api/createIntegration', { token: by, json });
    expect((await create({ chatId: CHAT + 1 })).status).toBe(403);
    expect((await create({ name: 5, scope: [] })).status).toBe(400);
    expect((await create({}, fixture.grant({ id: 2 }).token)).status).toBe(403);
  });
});

describe('GET /api/integrations/:chatId', () => {
  it('answers one object under a plural name, without the hash, with times in ISO 8601', async () => {
    const { token } = fixture.grant({ rateLimit: 3, unreachableSince: 0, unreachableReason: 'blocked' });
    const res = await fixture.call(`/api/integrations/${CHAT}`, { token });
    const { integrations } = (await bodyOf(res)) as { integrations: Record<string, unknown> };
    expect(integrations).toMatchObject({
      rateLimit: 3,
      dailyLimit: 10,
      unreachable: { since: '1970-01-01T00:00:00.000Z', reason: 'blocked' },
      createdAt: '2026-01-01T00:00:00.000Z',
      resetsAt: expect.stringMatching(/T00:00:00\.000Z$/),
    });
    expect(integrations).not.toHaveProperty('tokenHash');
  });

  it.each([String(CHAT + 1), 'abc', '-1'])('answers 403 chat_mismatch for the chat %s', async (chat) => {
    const res = await fixture.call(`/api/integrations/${chat}`, { token: fixture.grant().token });
    expect(res.status).toBe(403);
    expect(await bodyOf(res)).toMatchObject({ code: 'chat_mismatch' });
  });
});

describe('rotate and revoke', () => {
  it('kills the old token at once', async () => {
    const { token } = fixture.grant();
    const res = await fixture.call('/api/rotateToken', { token, method: 'POST' });
    const body = await bodyOf(res);
    expect(res.status).toBe(200);
    expect((await fixture.call(`/api/integrations/${CHAT}`, { token })).status).toBe(401);
    expect((await fixture.call(`/api/integrations/${CHAT}`, { token: String(body.token) })).status).toBe(200);
  });

  it('revokes the own integration only, and the token is dead', async () => {
    const { token } = fixture.grant();
    const other = await fixture.call('/api/revokeIntegration', { token, json: { chatId: 1 } });
    expect(other.status).toBe(403);
    const res = await fixture.call('/api/revokeIntegration', { token, json: { chatId: String(CHAT) } });
    expect(await bodyOf(res)).toMatchObject({ integration: { status: 'revoked' } });
    expect((await fixture.call('/api/alert', { token, json: { message: 'x' } })).status).toBe(401);
  });
});

describe('POST /api/updateIntegration', () => {
  const update = (token: string, json: unknown) => fixture.call('/api/updateIntegration', { token, json });

  it('changes what is sent, and nothing else', async () => {
    const { token } = fixture.grant({ name: 'before' });
    const res = await update(token, { overflow: 'digest' });
    expect(res.status).toBe(200);
    expect(await bodyOf(res)).toMatchObject({ integration: { name: 'before', overflow: 'digest' } });
    expect(await bodyOf(await update(token, { name: ' after ' }))).toMatchObject({
      integration: { name: 'after', overflow: 'digest' },
    });
    expect(await bodyOf(await update(token, { acknowledge: 'yes' }))).toMatchObject({
      integration: { name: 'after', overflow: 'digest', acknowledge: true },
    });
    expect(await bodyOf(await update(token, {}))).toMatchObject({
      integration: { name: 'after', acknowledge: true },
    });
  });

  it('says what is wrong, and what is no field', async () => {
    const { token } = fixture.grant();
    const wrong = await update(token, { overflow: 'drop', name: 5 });
    expect(wrong.status).toBe(400);
    expect(await bodyOf(wrong)).toMatchObject({ errors: [{ path: 'name' }, { path: 'overflow' }] });
    expect(await bodyOf(await update(token, { overfow: 'digest' }))).toMatchObject({
      integration: { overflow: 'refuse' },
      warnings: ['overfow is not a field: did you mean overflow?'],
    });
  });

  it('needs a token with its scope, which a token that is rotated gets if it had all there was', async () => {
    const scope = 'alert:send integration:read integration:revoke integration:rotate';
    const { token } = fixture.grant({ scope });
    const refused = await update(token, { overflow: 'digest' });
    expect([refused.status, (await bodyOf(refused)).code]).toEqual([403, 'scope_missing']);
    const rotated = await bodyOf(await fixture.call('/api/rotateToken', { token, method: 'POST' }));
    expect((await update(String(rotated.token), { overflow: 'digest' })).status).toBe(200);
  });
});
