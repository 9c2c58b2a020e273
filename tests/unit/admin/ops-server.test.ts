import { afterEach, describe, expect, it } from 'vitest';
import { createOperatorCredentials } from '../../../src/admin/sign-in/credentials.ts';
import { createOpsServer, type OpsServerDeps } from '../../../src/app/servers.ts';
import { bodyOf } from '../../support/api-fixture.ts';

const OPERATOR = { user: 'admin', password: 'pass:word', sessionKey: Buffer.alloc(32, 1) };
const clock = { now: () => Date.now() };
const BASIC = `Basic ${Buffer.from('admin:pass:word').toString('base64')}`;

const open: { close(ms: number): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(1_000)));
});

async function start(overrides: Partial<OpsServerDeps> = {}) {
  const server = createOpsServer({
    clock,
    health: { live: () => ({ status: 'ok' }), ready: async () => ({ status: 'degraded', checks: {} }) },
    metrics: { render: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }) },
    logger: { info: () => {}, warn: () => {}, error: () => {} },
    trustProxy: 0,
    reportRefusal: () => undefined,
    operator: OPERATOR,
    ...overrides,
  });
  open.push(server);
  const { port } = await server.listen('127.0.0.1', 0);
  return (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init });
}

describe('the server of a process without the role api', () => {
  it('tells everybody about its health', async () => {
    const call = await start();
    const live = await call('/health/live');
    expect([live.status, await bodyOf(live)]).toEqual([200, { status: 'ok' }]);
    expect(live.headers.get('x-request-id')).toMatch(/\S/);
    expect(live.headers.get('cache-control')).toBe('no-store');
    expect(await bodyOf(await call('/health/ready'))).toEqual({ status: 'degraded', checks: {} });
  });

  it('answers 503 when it cannot do its work', async () => {
    const ready = async () => ({ status: 'down', checks: {} }) as const;
    const call = await start({ health: { live: () => ({ status: 'ok' }), ready } });
    expect((await call('/health/ready')).status).toBe(503);
  });

  it('gives its metrics to operators alone: by Basic, or by the session of an API process', async () => {
    const call = await start();
    const refused = await call('/metrics');
    expect([refused.status, (await bodyOf(refused)).code]).toEqual([401, 'unauthorized']);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /);
    const wrong = `Basic ${Buffer.from('admin:wrong').toString('base64')}`;
    expect((await call('/metrics', { headers: { authorization: wrong } })).status).toBe(401);

    const byPassword = await call('/metrics', { headers: { authorization: BASIC } });
    expect([byPassword.status, await byPassword.text()]).toEqual([200, 'up 1\n']);
    const { value } = createOperatorCredentials({ ...OPERATOR, clock }).issueSession();
    const bySession = await call('/metrics', { headers: { cookie: `pingui_operator=${value}` } });
    expect(bySession.status).toBe(200);
  });

  it('asks a browser for the password itself, since it has no sign-in page to send it to', async () => {
    const call = await start();
    const res = await call('/metrics', { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' } });
    expect(res.status).toBe(401);
    expect(res.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect((await bodyOf(res)).detail).not.toContain('sign-in');
  });

  it('has no metrics without a password', async () => {
    const call = await start({ operator: { ...OPERATOR, password: undefined } });
    const res = await call('/metrics', { headers: { authorization: BASIC } });
    expect([res.status, (await bodyOf(res)).code]).toEqual([404, 'not_found']);
    expect((await call('/health/live')).status).toBe(200);
  });

  it('slows down who guesses the password, behind a proxy that appends ports too, but lets in who has it', async () => {
    const call = await start({ trustProxy: 1 });
    let port = 4_000;
    const basic = (password: string) => ({
      headers: {
        authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`,
        'x-forwarded-for': `203.0.113.1:${port++}`,
      },
    });
    for (let n = 0; n < 10; n += 1) expect((await call('/metrics', basic('guess'))).status).toBe(401);
    const began = performance.now();
    const [wrong, right] = await Promise.all([
      call('/metrics', basic('guess')),
      call('/metrics', basic(OPERATOR.password)),
    ]);
    expect([wrong.status, right.status]).toEqual([429, 200]);
    expect(performance.now() - began).toBeGreaterThan(1_900);
    const other = { headers: { ...basic('guess').headers, 'x-forwarded-for': '203.0.113.2' } };
    expect((await call('/metrics', other)).status).toBe(401);
  });

  it.each([
    ['POST', '/api/alert'],
    ['POST', '/api/createIntegration'],
    ['GET', '/api/alerts/x'],
    ['GET', '/admin/queues'],
    ['GET', '/admin/sign-in'],
    ['GET', '/sandbox'],
    ['GET', '/'],
  ])('has nothing else: %s %s is 404', async (method, path) => {
    const call = await start();
    const res = await call(path, { method, headers: { authorization: BASIC } });
    expect([res.status, (await bodyOf(res)).code]).toEqual([404, 'not_found']);
    expect(res.headers.get('content-type')).toContain('application/problem+json');
  });

  it('takes in the updates of the bot, where it has a webhook', async () => {
    const call = await start({
      webhook: (req, res, next) => (req.path === '/hook' ? void res.status(200).end('taken') : next()),
    });
    expect(await (await call('/hook', { method: 'POST' })).text()).toBe('taken');
    expect((await call('/hook2', { method: 'POST' })).status).toBe(404);
  });
});
