import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, bodyOf, startApi } from '../../support/api-fixture.ts';

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

describe('the first page', () => {
  it('is HTML for browsers and JSON for programs that ask for it', async () => {
    const page = await fixture.call('/', {
      headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
    });
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = await page.text();
    expect(html).toContain('/api/createIntegration');
    expect(html).toContain('href="/sandbox"');
    // Without a password there are no operator pages to point at.
    expect(html).not.toContain('/admin/queues');
    const json = await fixture.call('/', { headers: { Accept: 'application/json' } });
    expect(await bodyOf(json)).toMatchObject({
      name: 'Pingui Alert',
      places: { '/sandbox': expect.any(String) },
    });
  });

  it('hands /sandbox to its handler', async () => {
    expect(await (await fixture.call('/sandbox/chat?x=1')).text()).toBe('sandbox /chat?x=1');
  });
});
