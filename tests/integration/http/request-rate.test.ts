import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, bodyOf, startApi } from '../../support/api-fixture.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: Redis;
let fixture: ApiFixture | undefined;
let count = 0;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis({
    ...server.connection,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    lazyConnect: true,
  });
  // Outages are part of these tests.
  redis.on('error', () => undefined);
  await redis.connect();
});
afterEach(() => fixture?.stop());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

async function start(rateLimitPerMinute: number, trustProxy = 1): Promise<ApiFixture> {
  count += 1;
  fixture = await startApi({ redis, rateLimitPerMinute, trustProxy, queuePrefix: `{rate${count}}` });
  return fixture;
}

const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });

describe('requests per minute', () => {
  it('refuses an address with 429 rate_limited, tells when to come back, and lets others pass', async () => {
    const api = await start(3);
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await api.call('/api/x', from('203.0.113.1'))).status);
    expect(statuses).toEqual([404, 404, 404, 429]);
    const res = await api.call('/api/x', from('203.0.113.1'));
    expect(await bodyOf(res)).toMatchObject({ code: 'rate_limited' });
    expect(Number(res.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(res.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await api.call('/api/x', from('203.0.113.2'))).status).toBe(404);
    expect((await api.call('/health/live', from('203.0.113.1'))).status).toBe(200);
  });

  it("counts for a minute also when Redis's clock was set back, by which its keys end", async () => {
    const api = await start(1);
    await api.call('/api/x', from('203.0.113.9'));
    const [key = ''] = (await redis.keys(`{rate${count}}*`)) as string[];
    expect(key).not.toBe('');
    await redis.pexpire(key, 3_600_000);
    expect((await api.call('/api/x', from('203.0.113.9'))).status).toBe(429);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(60_000);
  });

  it('counts an IPv6 network as one client', async () => {
    const api = await start(1);
    expect((await api.call('/api/x', from('2001:db8::1'))).status).toBe(404);
    expect((await api.call('/api/x', from('2001:db8:0:ff::2'))).status).toBe(429);
  });

  it.each([
    ['a port that the proxy appends', (n: number) => `203.0.113.1:${4_000 + n}`],
    ['an IPv6 address in brackets with a port', (n: number) => `[2001:db8::${n}]:${4_000 + n}`],
    ['what is no address', (n: number) => `unknown-${n}`],
  ])('counts one client in spite of %s, and does not blame Redis', async (_, address) => {
    const api = await start(3);
    const statuses = [];
    for (let n = 0; n < 5; n++) statuses.push((await api.call('/api/x', from(address(n)))).status);
    expect(statuses).toEqual([404, 404, 404, 429, 429]);
    expect(api.logged).toEqual([]);
    expect(api.events.filter(({ name }) => name === 'access.refused')).toMatchObject([
      { event: { kind: 'rate_limit' } },
      { event: { kind: 'rate_limit' } },
    ]);
  });

  it('believes no X-Forwarded-For without a proxy', async () => {
    const api = await start(1, 0);
    expect((await api.call('/api/x', from('203.0.113.1'))).status).toBe(404);
    expect((await api.call('/api/x', from('203.0.113.2'))).status).toBe(429);
  });

  it('is told beside the quota, and reported as a refused alert', async () => {
    const api = await start(1);
    const { token } = api.grant();
    const send = () => api.call('/api/alert', { token, json: { message: 'x' } });
    const res = await send();
    expect(res.status).toBe(202);
    expect(res.headers.get('ratelimit')).toMatch(/^"requests"; r=0; t=\d+, "quota"; r=9; t=\d+$/);
    expect(res.headers.get('ratelimit-policy')).toMatch(/^"requests"; q=1; w=60.*, "quota"; q=10; w=86400$/);
    expect((await send()).status).toBe(429);
    expect(api.events.at(-1)).toMatchObject({ name: 'alert.refused', event: { code: 'rate_limited' } });
  });

  it('does not count with 0', async () => {
    const api = await start(0);
    for (let i = 0; i < 5; i++) expect((await api.call('/api/x')).status).toBe(404);
  });

  it('lets requests pass within 300 ms or so while Redis is frozen, and warns once', async () => {
    const api = await start(1);
    expect((await api.call('/api/x')).status).toBe(404);
    server.freeze();
    try {
      const before = performance.now();
      expect((await api.call('/api/x')).status).toBe(404);
      expect(performance.now() - before).toBeLessThan(1_000);
      for (let i = 0; i < 5; i++) expect((await api.call('/api/x')).status).toBe(404);
    } finally {
      server.thaw();
    }
    expect(api.logged.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('counts once Redis is there, also when it was not at the start', async () => {
    let isUp = false;
    const call = (command: string, ...args: (string | number | Buffer)[]) =>
      isUp ? redis.call(command, ...args) : Promise.reject(new Error('down'));
    await redis.script('FLUSH');
    fixture = await startApi({
      redis: { call } as Pick<Redis, 'call'>,
      rateLimitPerMinute: 1,
      queuePrefix: '{late}',
    });
    expect((await fixture.call('/api/x')).status).toBe(404);
    expect((await fixture.call('/api/x')).status).toBe(404);
    isUp = true;
    fixture.clock.skew = 60_000;
    expect((await fixture.call('/api/x')).status).toBe(404);
    expect((await fixture.call('/api/x')).status).toBe(429);
  });
});
