import express from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIngest, type Outcome } from '../../../src/api/alerts/ingest.ts';
import { createVerifyJwtToken } from '../../../src/api/auth/verify-jwt-token.ts';
import { createVerifySender } from '../../../src/api/auth/verify-sender.ts';
import { createQuotaHeaders } from '../../../src/api/quota-headers.ts';
import { createHttpServer } from '../../../src/http/server.ts';
import { ADAPTER_NAMES } from '../../../src/ingest/adapters.ts';
import { type ApiFixture, bodyOf, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
let token: string;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  token = fixture.grant().token;
});

const make = async (json: unknown, init: { token?: string } = { token }) =>
  fixture.call('/api/keys', { ...init, json });
const KEY = /^[\w-]{43}$/;

describe('POST /api/keys', () => {
  it('makes a key for one tool, shows it once, and tells the chat', async () => {
    fixture.setUps.length = 0;
    const res = await make({ adapter: 'ntfy' });
    const made = await bodyOf(res);
    expect(res.status).toBe(201);
    expect(made).toMatchObject({ adapter: 'ntfy', name: 'ntfy', options: {} });
    expect(made.key).toMatch(KEY);
    expect(res.headers.get('Location')).toBe(`/api/keys/${made.id}`);
    // Without PUBLIC_URL a path: Host may be anybody's.
    expect(made.url).toBe(`/api/in/ntfy/${made.key}`);
    expect(fixture.setUps).toEqual([{ integrationId: 1, locale: undefined, keyId: made.id }]);
    const listed = await (await fixture.call('/api/keys', { token })).text();
    expect(JSON.parse(listed).keys).toContainEqual(expect.objectContaining({ id: made.id, name: 'ntfy' }));
    expect(listed).not.toContain(made.key);
    await fixture.call(`/api/keys/${made.id}`, { token, method: 'DELETE' });
  });

  it('builds the address from PUBLIC_URL, never from Host', async () => {
    const other = await startApi({ publicUrl: 'https://alerts.example.org/pingui' });
    const { token: own } = other.grant();
    const headers = { 'X-Forwarded-Host': 'evil.example' };
    const res = await other.call('/api/keys', { token: own, json: { adapter: 'gotify' }, headers });
    const { url, key } = await bodyOf(res);
    expect(url).toBe(`https://alerts.example.org/pingui/api/in/gotify/message?token=${key}`);
    await other.stop();
  });

  it('keeps options for the adapter, and of a secret shows only that there is one', async () => {
    const options = { secret: 'hush-hush-hush', only: 'workflow_run, release', branch: ['main'] };
    const res = await make({ adapter: 'GitHub', name: ' builds ', options });
    const made = await bodyOf(res);
    const shown = { secret: true, only: ['workflow_run', 'release'], branch: ['main'] };
    expect(made).toMatchObject({ adapter: 'github', name: 'builds', options: shown });
    const list = await (await fixture.call('/api/keys', { token })).text();
    expect(list).toContain('workflow_run');
    expect(list).not.toContain('hush');
    await fixture.call(`/api/keys/${made.id}`, { token, method: 'DELETE' });
  });

  it.each([
    [{}, 'adapter'],
    [{ adapter: 'nagios' }, ADAPTER_NAMES.join(', ')],
    [{ adapter: 'github', options: { secrt: 'long enough' } }, 'did you mean secret?'],
    [{ adapter: 'alertmanager', options: { secret: 'long enough' } }, 'no options'],
    [{ adapter: 'github', options: { secret: 'short' } }, 'options.secret'],
    [{ adapter: 'github', options: 'x' }, 'options'],
    [{ adapter: 'json' }, 'options.template'],
    [[], 'Send a JSON object'],
  ])('refuses %j and says what to change', async (json, hint) => {
    const res = await make(json);
    expect(res.status).toBe(400);
    const text = await res.text();
    expect(text).toContain(hint);
    expect(text).not.toContain('long enough');
  });

  it('needs the scope key:manage, and a token that is still good', async () => {
    const { token: narrow } = fixture.grant({ scope: 'alert:send' });
    expect(await bodyOf(await make({ adapter: 'ntfy' }, { token: narrow }))).toMatchObject({
      status: 403,
      code: 'scope_missing',
    });
    fixture.grant();
    expect((await make({ adapter: 'ntfy' }, { token: narrow })).status).toBe(401);
    expect((await make({ adapter: 'ntfy' }, {})).status).toBe(401);
  });

  it('stops at twenty', async () => {
    const { token: own } = fixture.grant({ id: 20 });
    for (let made = 0; made < 20; made += 1)
      expect((await make({ adapter: 'ntfy' }, { token: own })).status).toBe(201);
    const res = await make({ adapter: 'ntfy' }, { token: own });
    expect(await bodyOf(res)).toMatchObject({ status: 409, code: 'too_many_keys' });
  });
});

describe('DELETE /api/keys/:id', () => {
  it('revokes a key of its own integration, once', async () => {
    const { id } = await bodyOf(await make({ adapter: 'ntfy' }));
    const { token: other } = fixture.grant({ id: 2 });
    const revoke = async (by: string) =>
      (await fixture.call(`/api/keys/${id}`, { token: by, method: 'DELETE' })).status;
    expect(await revoke(other)).toBe(404);
    expect(await revoke(token)).toBe(204);
    expect(await revoke(token)).toBe(404);
  });

  it.each(['0', '-1', '1e3', '99999999999', 'x', '2147483648'])('answers 404 for %s', async (id) => {
    const res = await fixture.call(`/api/keys/${id}`, { token, method: 'DELETE' });
    expect(res.status).toBe(404);
  });
});

describe('POST /api/rotateToken', () => {
  const rotate = async (by: string, json?: object) =>
    bodyOf(await fixture.call('/api/rotateToken', { token: by, method: 'POST', ...(json && { json }) }));

  it('lists the keys that live on, and with revokeKeys leaves none', async () => {
    const { token: own } = fixture.grant({ id: 30 });
    await make({ adapter: 'grafana', name: 'panels' }, { token: own });
    const first = await rotate(own);
    expect(first.keys).toEqual([expect.objectContaining({ adapter: 'grafana', name: 'panels' })]);
    const second = await rotate(String(first.token), { revokeKeys: true });
    expect(second.keys).toEqual([]);
    const list = await fixture.call('/api/keys', { token: String(second.token) });
    expect(await bodyOf(list)).toEqual({ keys: [] });
  });

  it("gives today's default scope after that of its day, and leaves a narrower one", async () => {
    const former = 'alert:send integration:read integration:revoke integration:rotate';
    const { token: old } = fixture.grant({ id: 31, scope: former });
    expect((await make({ adapter: 'ntfy' }, { token: old })).status).toBe(403);
    const { token: renewed, integration } = await rotate(old);
    expect(integration).toMatchObject({ scope: `${former} key:manage` });
    expect((await make({ adapter: 'ntfy' }, { token: String(renewed) })).status).toBe(201);
    const { token: narrow } = fixture.grant({ id: 32, scope: 'integration:rotate' });
    expect((await rotate(narrow)).integration).toMatchObject({ scope: 'integration:rotate' });
  });
});

describe('a credential of a sender', () => {
  const send = (path: string, headers: Record<string, string> = {}) =>
    fixture.call(`/api/alert${path}`, { json: { message: 'x' }, headers });
  const basic = (pair: string) => ({ Authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
  const ntfyAuth = (value: string) => Buffer.from(value).toString('base64url');

  it('may be the password or the user name of Basic', async () => {
    for (const pair of [`x:${token}`, `:${token}`, `${token}:`, `${token}:x`])
      expect((await send('', basic(pair))).status).toBe(202);
    const got = await fixture.call('/api/integrations/4242', { headers: basic(`x:${token}`) });
    expect(got.status).toBe(200);
    const refused = await send('', basic('x:wrong'));
    expect(refused.status).toBe(401);
    expect(refused.headers.get('WWW-Authenticate')).toMatch(/^Bearer .*invalid_token/);
    for (const none of ['x', 'x:', ':'])
      expect((await bodyOf(await send('', basic(none)))).detail).toContain('contains no token');
  });

  it('in the address must be able to send and nothing else', async () => {
    const wide = await send(`?auth=${token}`);
    expect(await bodyOf(wide)).toMatchObject({
      status: 403,
      code: 'scope_missing',
      detail: expect.stringContaining('POST /api/keys'),
    });
    const { token: narrow } = fixture.grant({ id: 40, scope: 'alert:send' });
    expect((await send(`?auth=${narrow}`)).status).toBe(202);
    expect((await send(`?auth=${ntfyAuth(`Bearer ${narrow}`)}`)).status).toBe(202);
    expect((await send(`?auth=${ntfyAuth(basic(`:${narrow}`).Authorization)}`)).status).toBe(202);
    expect((await send('?auth=nonsense')).status).toBe(401);
    expect((await send('?auth=')).status).toBe(401);
    // Not where nothing is sent.
    expect((await fixture.call(`/api/integrations/4242?auth=${narrow}`)).status).toBe(401);
    // The header counts where there is one.
    expect((await send(`?auth=nonsense`, { Authorization: `Bearer ${token}` })).status).toBe(202);
  });

  it('of a tool does nothing but send to its own address', async () => {
    const { key } = await bodyOf(await make({ adapter: 'ntfy' }));
    const headers = { Authorization: `Bearer ${key}` };
    for (const [path, init] of [
      ['/api/alert', { json: { message: 'x' } }],
      [`/api/alert?auth=${key}`, { json: { message: 'x' } }],
      ['/api/integrations/4242', {}],
      ['/api/keys', {}],
      ['/api/revokeIntegration', { method: 'POST' }],
    ] as const) {
      const res = await fixture.call(path, { ...init, ...(path.includes('?') ? {} : { headers }) });
      const body = await bodyOf(res);
      expect(body).toMatchObject({ status: 403, code: 'scope_missing' });
      expect(JSON.stringify(body)).not.toContain(key);
    }
  });
});

describe('a tool that has a key', () => {
  const outcomes: Outcome[][] = [];
  let url: string;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const { alerts, keys } = fixture.useCases;
    const verifyJwtToken = createVerifyJwtToken({ tokens: fixture.tokens, clock: fixture.clock });
    const ingest = createIngest({
      preview: fixture.preview,
      alerts,
      limit: (_req, _res, next) => next(),
      verifySender: createVerifySender({ verifyJwtToken, keys }),
      quota: createQuotaHeaders({ clock: fixture.clock, timeZone: 'UTC' }),
    });
    const router = express.Router();
    router.post(
      ['/api/in/ntfy', '/api/in/ntfy/:key'],
      ...ingest({
        adapter: 'ntfy',
        keyOf: (req) => req.params.key,
        read: [express.text()],
        alertsOf: (req) =>
          String(req.body)
            .split(',')
            .filter((message) => message !== '')
            .map((message) => ({
              request: { message, format: 'plain', priority: 'normal', silent: false },
            })),
        answer: (_req, res, all) => {
          outcomes.push([...all]);
          res.status(202).json({ alerts: all.length });
        },
      }),
    );
    const server = createHttpServer([{ handlers: [router] }], {
      trustProxy: 0,
      logger: { error: () => undefined, warn: () => undefined },
      waits: { end: () => undefined },
    });
    const { port } = await server.listen('127.0.0.1', 0);
    url = `http://127.0.0.1:${port}`;
    stop = () => server.close(1_000);
  });
  afterAll(() => stop());

  const post = (path: string, body = 'down', headers: Record<string, string> = {}) =>
    fetch(url + path, { method: 'POST', body, headers: { 'Content-Type': 'text/plain', ...headers } });

  it('sends with it from wherever the tool can put it, until it is revoked', async () => {
    const { key, id } = await bodyOf(await make({ adapter: 'ntfy' }));
    const asBasic = `Basic ${Buffer.from(`ops:${key}`).toString('base64')}`;
    for (const [path, headers] of [
      [`/api/in/ntfy/${key}`, {}],
      ['/api/in/ntfy', { Authorization: `Bearer ${key}` }],
      ['/api/in/ntfy', { Authorization: asBasic }],
      [`/api/in/ntfy?auth=${key}`, {}],
      [`/api/in/ntfy?auth=${Buffer.from(`Bearer ${key}`).toString('base64url')}`, {}],
      // A proxy's own credential beside the key.
      [`/api/in/ntfy/${key}`, { Authorization: 'Basic cHJveHk6cHJveHk=' }],
    ] as const)
      expect((await post(path, 'down', headers)).status).toBe(202);
    expect(outcomes.at(-1)).toEqual([expect.objectContaining({ dailyLimit: 10, remaining: 4 })]);
    await fixture.call(`/api/keys/${id}`, { token, method: 'DELETE' });
    expect((await post(`/api/in/ntfy/${key}`)).status).toBe(401);
  });

  it('may bring none or several alerts, each with its unit of the quota', async () => {
    const { key } = await bodyOf(await make({ adapter: 'ntfy' }));
    expect(await bodyOf(await post(`/api/in/ntfy/${key}`, ','))).toEqual({ alerts: 0 });
    const both = await post(`/api/in/ntfy/${key}`, 'a,b');
    expect(await bodyOf(both)).toEqual({ alerts: 2 });
    expect(both.headers.get('RateLimit')).toContain('"quota"; r=8');
  });

  it('is refused with the key of another tool, and once its integration cannot send', async () => {
    const { key: other } = await bodyOf(await make({ adapter: 'gotify' }));
    const wrong = await bodyOf(await post(`/api/in/ntfy/${other}`));
    expect(wrong).toMatchObject({ status: 403, detail: expect.stringContaining('/api/in/gotify') });
    const { token: own } = fixture.grant({ id: 50, rateLimit: 1 });
    const { key } = await bodyOf(await make({ adapter: 'ntfy' }, { token: own }));
    expect((await post(`/api/in/ntfy/${key}`)).status).toBe(202);
    const spent = await post(`/api/in/ntfy/${key}`);
    expect(await bodyOf(spent)).toMatchObject({ status: 429, code: 'quota_exhausted' });
    fixture.events.length = 0;
    const unknown = await post(`/api/in/ntfy/${'x'.repeat(43)}`);
    expect(unknown.status).toBe(401);
    expect(fixture.events).toEqual([
      { name: 'alert.refused', event: expect.objectContaining({ code: 'unauthorized' }) },
    ]);
  });

  it('may also have a token, in its address only one that can do nothing else', async () => {
    const { token: narrow } = fixture.grant({ id: 60, scope: 'alert:send' });
    expect((await post(`/api/in/ntfy/${narrow}`)).status).toBe(202);
    expect((await post(`/api/in/ntfy/${token}`)).status).toBe(403);
    expect((await post('/api/in/ntfy', 'x', { Authorization: `Bearer ${token}` })).status).toBe(202);
  });
});
