import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DailyStatistics } from '../../../src/domain/statistics.ts';
import type { LookedUpAlert } from '../../../src/services/alerts/look-up.ts';
import { type ApiFixture, bodyOf, startApi, UNKNOWN_OVERVIEW } from '../../support/api-fixture.ts';

const BASIC = { Authorization: `Basic ${Buffer.from('admin:password').toString('base64')}` };
const HTML = { Accept: 'text/html' };
const ID = '019ab3c4-0000-7000-8000-000000000001';
const NOW = Date.UTC(2026, 10, 24, 12);
const NEVER = new Promise<never>(() => undefined);

const DAY: DailyStatistics = {
  ...{ date: '2026-11-24', accepted: 3, delivered: 2, failed: 1, uncertain: 0, expired: 0, refused: 4 },
  ...{ folded: 1, quotaHits: 2, activeIntegrations: 1 },
};
const ALERT: LookedUpAlert = {
  record: {
    ...{ id: ID, integrationId: 7, status: 'failed', reason: 'bot_blocked', format: 'plain' },
    ...{ priority: 'high', silent: false, threadId: null, deliverAt: null, expiresAt: null },
    ...{ sealedTags: 'sealed', hasButton: false, parts: 2, messageIds: [5], resends: 1, notice: false },
    ...{ incidentId: null, folded: null, shown: false, replyTo: null, remaining: 3 },
    ...{ createdAt: NOW, sendingAt: NOW + 1_000, endedAt: NOW + 1_500 },
  },
  ...{ integration: '<b>backup</b>', chat: '0123456789abcdef', incident: null, wait: null },
};

describe('the operator area', () => {
  let fixture: ApiFixture;
  const asked: string[] = [];

  beforeAll(async () => {
    fixture = await startApi({
      operator: { user: 'admin', password: 'password', sessionKey: Buffer.alloc(32, 9) },
      publicUrl: 'https://alerts.example.org/pingui',
      lookUp: async (id) => (id === ID ? ALERT : undefined),
      overview: {
        ...UNKNOWN_OVERVIEW,
        processes: () => NEVER,
        jobHistory: async () => ({
          installedAt: 1,
          lastSuccess: { backup: NOW, upkeep: NOW + 9 },
          lastFailure: { backup: NOW + 1, upkeep: NOW },
          backupBytes: 4_096,
        }),
        nextRuns: async () => ({ backup: NOW + 2 }),
        statistics: {
          ...UNKNOWN_OVERVIEW.statistics,
          async daily(from, to) {
            asked.push(`${from} ${to}`);
            return [DAY];
          },
        },
      },
    });
  });
  afterAll(() => fixture.stop());

  const get = (path: string, headers: Record<string, string> = {}) => fixture.call(path, { headers });

  it('is closed: a person is led to the sign-in and back, a program gets 401, also for what the pages load', async () => {
    const page = await get('/admin', HTML);
    expect(page.headers.get('location')).toBe('/pingui/admin/sign-in?next=%2Fadmin');
    for (const path of ['/admin/overview.json', '/admin/assets/uplot.js', `/admin/alerts/${ID}`])
      expect([path, (await get(path)).status]).toEqual([path, 401]);
  });

  it('has pages that run and load nothing but what this service has, with a link to each place', async () => {
    for (const path of ['/admin', `/admin/alerts/${ID}`, '/admin/alerts?id=x']) {
      const res = await get(path, BASIC);
      expect(res.headers.get('content-security-policy')).toBe(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none'",
      );
      const html = await res.text();
      expect(html).not.toMatch(/<script(?![^>]+src=)|<style|\sstyle=|\son\w+=|https?:\/\//);
      const links = [...html.matchAll(/(?:href|src|action)="([^"#]+)"/g)].map(([, link = '']) => link);
      expect(links.filter((link) => !link.startsWith('/pingui/'))).toEqual([]);
      for (const place of ['admin', 'admin/queues/', 'metrics', 'health/ready', 'admin/sign-out'])
        expect(links).toContain(`/pingui/${place}`);
      for (const asset of links.filter((link) => link.includes('/assets/')))
        expect([asset, (await get(asset, BASIC)).status]).toEqual([asset, 200]);
    }
  });

  it('shows what is known, and does not wait for the rest', async () => {
    const began = performance.now();
    const overview = await bodyOf(await get('/admin/overview.json', BASIC));
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(overview).toMatchObject({
      ...{ version: '1.2.3', isSandbox: false, health: { status: 'ok' } },
      ...{ queue: null, sends: null, day: null, month: null, processes: null, incidents: null },
      backup: { at: NOW, bytes: 4_096 },
      jobs: [
        { job: 'reset-quotas', lastAt: null, result: null, nextAt: null },
        { job: 'backup', lastAt: NOW + 1, result: 'failed', nextAt: NOW + 2 },
        { job: 'upkeep', lastAt: NOW + 9, result: 'ok', nextAt: null },
      ],
    });
  });

  it('tells what became of an alert, and nothing that its sender wrote', async () => {
    const html = await (await get(`/admin/alerts?id=%20/api/alerts/${ID.toUpperCase()}%22`, BASIC)).text();
    for (const said of [
      'It did not arrive: the person has blocked the bot (bot_blocked).',
      '2026-11-24 12:00:00.000 UTC</time> <span>Accepted',
      'Sent again on request, 1 of 3 times',
      'after 1 of 2 messages had arrived',
      '&lt;b&gt;backup&lt;/b&gt; (number 7)',
      '<code>0123456789abcdef</code>',
    ])
      expect(html).toContain(said);
    expect(html).not.toContain('sealed');
  });

  it.each([
    ['/admin/alerts/019ab3c4-0000-7000-8000-000000000002', 404, 'No alert has this id'],
    ['/admin/alerts?id=%3Cscript%3E', 400, 'value="&lt;script&gt;"'],
    ['/admin/alerts', 400, 'no id of an alert'],
  ])('asks again at %s', async (path, status, said) => {
    const res = await get(path, BASIC);
    expect([res.status, await res.text()]).toEqual([status, expect.stringContaining(said)]);
  });

  it('gives the days as rows of numbers, to operators alone, and never challenges a browser there', async () => {
    const refused = await get('/api/metrics/daily');
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Session /),
    ]);
    const { token } = fixture.grant();
    expect((await fixture.call('/api/metrics/daily', { token })).status).toBe(401);
    const res = await get('/api/metrics/daily?from=2026-11-01&to=2026-11-24', BASIC);
    expect(await res.json()).toEqual([DAY]);
    await get('/api/metrics/daily?to=2026-03-01', BASIC);
    expect(asked).toEqual(['2026-11-01 2026-11-24', '2026-01-31 2026-03-01']);
  });

  it.each([
    'from=2026-02-30',
    'from=2026-11-25&to=2026-11-24',
    'to=tomorrow',
    'from=2020-01-01&to=2026-01-01',
  ])('refuses the days of ?%s', async (query) => {
    const res = await get(`/api/metrics/daily?${query}`, BASIC);
    expect([res.status, await bodyOf(res)]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid_request' }),
    ]);
  });
});
