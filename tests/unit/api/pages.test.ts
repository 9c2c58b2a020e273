import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, bodyOf, CHAT, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
let status: 'ok' | 'degraded' | 'down' = 'ok';
beforeAll(async () => {
  fixture = await startApi({
    health: {
      live: () => ({ status: 'ok' }),
      ready: async () => ({ status, checks: { redis: { state: 'up', ms: 1 } } }),
    },
    sandbox: (req, res) => void res.end(`sandbox ${req.url}`),
  });
});
afterAll(() => fixture.stop());

/** fetch does not let a test set Host. */
function pageFor(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(fixture.url, { headers: { host, accept: 'text/html' } }, async (res) => resolve(await text(res))).on(
      'error',
      reject,
    );
  });
}

describe('health', () => {
  it.each([
    ['ok', 200],
    ['degraded', 200],
    ['down', 503],
  ] as const)('is %s with %i', async (state, code) => {
    status = state;
    const res = await fixture.call('/health/ready');
    expect(res.status).toBe(code);
    expect(await bodyOf(res)).toEqual({ status: state, checks: { redis: { state: 'up', ms: 1 } } });
    expect((await fixture.call('/health/live')).status).toBe(200);
  });
});

describe('behind a proxy that serves this at a path of its own', () => {
  const FORWARDED = {
    'X-Forwarded-Prefix': '/pingui',
    'X-Forwarded-Host': 'example.org',
    'X-Forwarded-Proto': 'https',
  };
  const operator = { user: 'admin', password: 'operators', sessionKey: Buffer.alloc(32, 7) };
  const apis: ApiFixture[] = [];
  afterAll(() => Promise.all(apis.map((api) => api.stop())));
  const start = async (trustProxy: number) => {
    const api = await startApi({ trustProxy, operator, sandbox: (_req, res) => void res.end() });
    apis.push(api);
    const call = (path: string, init: Parameters<ApiFixture['call']>[1] = {}) =>
      api.call(path, { ...init, headers: { ...FORWARDED, ...(init.headers as object) } });
    const location = async (path: string, init: Parameters<ApiFixture['call']>[1] = {}) =>
      (await call(path, init)).headers.get('location');
    return { api, call, location };
  };

  it('the first page links, loads and explains what is below that path', async () => {
    const { call } = await start(1);
    const html = await (await call('/', { headers: { Accept: 'text/html' } })).text();
    for (const path of ['sandbox', 'docs', 'admin', 'metrics', 'health/ready'])
      expect(html).toContain(`href="/pingui/${path}"`);
    expect(html).not.toMatch(/(?:href|src)="\/(?!pingui\/)/);
    expect(html).toMatch(/<script src="\/pingui\/[\w.]+"/);
    for (const path of ['createIntegration', 'alert'])
      expect(html).toContain(`'https://example.org/pingui/api/${path}'`);
  });

  it('redirects and Location lead there', async () => {
    const { api, location } = await start(1);
    const page = { Accept: 'text/html' };
    expect(await location('/admin/queues/', { headers: page })).toBe(
      '/pingui/admin/sign-in?next=%2Fadmin%2Fqueues%2F',
    );
    const body = new URLSearchParams({ user: 'admin', password: 'operators', next: '/metrics' });
    expect(await location('/admin/sign-in', { method: 'POST', body })).toBe('/pingui/metrics');
    expect(await location('/admin/sign-out', { method: 'POST' })).toBe('/pingui/admin/sign-in');
    const made = { token: api.setup().token, json: {} };
    expect(await location('/api/createIntegration', made)).toBe(`/pingui/api/integrations/${CHAT}`);
    const { token } = api.grant();
    const alert = await location('/api/alert', { token, json: { message: 'x' } });
    const id = api.jobs[0]?.alertId ?? '';
    expect(alert).toBe(`/pingui/api/alerts/${id}`);
    api.end(id, { status: 'failed', reason: 'chat_not_found' });
    expect(await location(`/api/alerts/${id}/resend`, { token, method: 'POST' })).toBe(alert);
  });

  it('nothing of it is believed without TRUST_PROXY', async () => {
    const { call, location, api } = await start(0);
    const html = await (await call('/', { headers: { Accept: 'text/html' } })).text();
    expect(html).not.toContain('pingui/');
    expect(html).not.toContain('example.org');
    expect(await location('/admin/sign-out', { method: 'POST' })).toBe('/admin/sign-in');
    const { token } = api.grant();
    expect(await location('/api/alert', { token, json: { message: 'x' } })).toMatch(/^\/api\/alerts\//);
  });
});

describe('the first page', () => {
  it('is HTML for browsers and JSON for programs that ask for it', async () => {
    const page = await fixture.call('/', {
      headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
    });
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = await page.text();
    // Ready to paste: the commands name the address where the page was opened.
    expect(html).toContain(`curl -X POST '${fixture.url}/api/createIntegration'`);
    expect(html).toContain(`curl '${fixture.url}/api/alert'`);
    expect(html).toContain('href="/sandbox"');
    // Without a password there are no operator pages to point at.
    expect(html).not.toContain('/admin/queues');
    const json = await fixture.call('/', { headers: { Accept: 'application/json' } });
    expect(await bodyOf(json)).toMatchObject({
      name: 'Pingui Alert',
      places: { '/sandbox': expect.any(String) },
    });
  });

  it('takes no address from a request that is more than a name and a port', async () => {
    for (const [host, shown] of [
      ["x';reboot;'", 'https://your-server'],
      ['<b>', 'https://your-server'],
      ['alerts.example.org', 'http://alerts.example.org'],
      ['[::1]:3000', 'http://[::1]:3000'],
    ] as const)
      expect(await pageFor(host)).toContain(`curl '${shown}/api/alert'`);
  });

  it('brings the script of its copy buttons, and runs none inside its HTML', async () => {
    const page = await fixture.call('/', { headers: { Accept: 'text/html' } });
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(html).not.toMatch(/<script(?![^>]* src=)|\son\w+=|javascript:/);
    const [, src = ''] = /<script src="([^"]+)"/.exec(html) ?? [];
    const script = await fixture.call(src);
    expect([script.status, script.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/javascript'),
    ]);
  });

  it('hands /sandbox to its handler', async () => {
    expect(await (await fixture.call('/sandbox/chat?x=1')).text()).toBe('sandbox /chat?x=1');
  });
});
