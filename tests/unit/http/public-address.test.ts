import { request } from 'node:http';
import type { RequestHandler } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { refuseCrossSite } from '../../../src/admin/sign-in/same-site.ts';
import { publicPrefix } from '../../../src/http/public-address.ts';
import { createHttpServer, type HttpServer } from '../../../src/http/server.ts';

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(1_000)));
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}
type Send = (path: string, headers?: Record<string, string>, method?: string) => Promise<Answer>;

/** A server that answers with what it made of the request. */
async function serve(options: { trustProxy?: number; publicUrl?: string } = {}) {
  const warnings: string[] = [];
  const tell: RequestHandler = (req, res) => {
    res.json({ prefix: publicPrefix(req), path: req.path, host: req.host, protocol: req.protocol });
  };
  const server = createHttpServer([{ handlers: [refuseCrossSite, tell] }], {
    trustProxy: options.trustProxy ?? 0,
    publicUrl: options.publicUrl,
    logger: { error: () => undefined, warn: (_fields, message) => void warnings.push(message) },
    waits: { end: () => undefined },
  });
  servers.push(server);
  const { port } = await server.listen('127.0.0.1', 0);
  const send: Send = (path, headers = {}, method = 'GET') =>
    new Promise((resolve, reject) => {
      const req = request({ host: '127.0.0.1', port, path, method, headers }, (res) => {
        let text = '';
        res.on('data', (chunk) => {
          text += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body: JSON.parse(text) }));
      });
      req.on('error', reject).end();
    });
  return { send, warnings };
}

describe('the prefix before our own paths', () => {
  const GIVEN = { 'X-Forwarded-Prefix': '/pingui/' };

  it("is a proxy's X-Forwarded-Prefix where TRUST_PROXY covers it, and only there", async () => {
    expect((await (await serve({ trustProxy: 1 })).send('/', GIVEN)).body.prefix).toBe('/pingui');
    expect((await (await serve()).send('/', GIVEN)).body.prefix).toBe('');
  });

  it('is the path of PUBLIC_URL without one', async () => {
    const { send } = await serve({ trustProxy: 1, publicUrl: 'https://a.example/alerts' });
    expect((await send('/')).body.prefix).toBe('/alerts');
    expect((await send('/', GIVEN)).body.prefix).toBe('/pingui');
  });

  it('never leads to another host', async () => {
    const { send } = await serve({ trustProxy: 1 });
    for (const prefix of ['//evil.example', 'https://evil.example', '/a//b', '/a b', '/\\evil.example'])
      expect((await send('/', { 'X-Forwarded-Prefix': prefix })).body.prefix).toBe('');
  });

  it('is taken off where a proxy leaves it in the address', async () => {
    const { send } = await serve({ publicUrl: 'https://a.example/alerts' });
    const pathOf = async (path: string) => (await send(path)).body.path;
    expect(await pathOf('/alerts/api/alert')).toBe('/api/alert');
    expect(await pathOf('/alerts')).toBe('/');
    expect(await pathOf('/alerts?a=1')).toBe('/');
    expect(await pathOf('/api/alert')).toBe('/api/alert');
    expect(await pathOf('/alertsandmore')).toBe('/alertsandmore');
  });
});

describe('X-Forwarded-Host and -Proto', () => {
  const GIVEN = { 'X-Forwarded-Host': 'a.example', 'X-Forwarded-Proto': 'https' };

  it('are obeyed where TRUST_PROXY says so, and nowhere else', async () => {
    expect((await (await serve({ trustProxy: 1 })).send('/', GIVEN)).body).toMatchObject({
      host: 'a.example',
      protocol: 'https',
    });
    expect((await (await serve()).send('/', { Host: 'b.example', ...GIVEN })).body).toMatchObject({
      host: 'b.example',
      protocol: 'http',
    });
  });
});

describe('a post from a browser that sends Origin alone', () => {
  const post = (send: Send, origin: string, headers: Record<string, string>) =>
    send('/', { Origin: origin, ...headers }, 'POST').then(({ status }) => status);

  it('is our own if Host agrees, with the port or with the default one', async () => {
    const { send } = await serve();
    expect(await post(send, 'http://a.example:8080', { Host: 'a.example:8080' })).toBe(200);
    expect(await post(send, 'https://a.example', { Host: 'a.example:443' })).toBe(200);
    expect(await post(send, 'http://a.example:8080', { Host: 'a.example' })).toBe(403);
    expect(await post(send, 'http://evil.example', { Host: 'a.example' })).toBe(403);
    expect(await post(send, 'null', { Host: 'a.example' })).toBe(403);
  });

  it('is our own behind a proxy that drops the port from Host', async () => {
    const { send } = await serve({ trustProxy: 1 });
    expect(await post(send, 'http://a.example:8080', { Host: 'a.example' })).toBe(200);
    expect(await post(send, 'http://evil.example:8080', { Host: 'a.example' })).toBe(403);
    const port = { Host: 'a.example', 'X-Forwarded-Port': '8080' };
    expect(await post(send, 'http://a.example:8080', port)).toBe(200);
    expect(await post(send, 'http://a.example:9999', port)).toBe(403);
    expect(await post(send, 'http://a.example:9999', { Host: 'a.example:8080' })).toBe(403);
  });

  it('is our own if it is the origin of PUBLIC_URL, whatever Host says', async () => {
    const { send } = await serve({ publicUrl: 'https://a.example:8443/alerts' });
    expect(await post(send, 'https://a.example:8443', { Host: '127.0.0.1:3000' })).toBe(200);
    expect(await post(send, 'https://a.example', { Host: '127.0.0.1:3000' })).toBe(403);
  });
});

describe('X-Forwarded-For without TRUST_PROXY', () => {
  const GIVEN = { 'X-Forwarded-For': '203.0.113.1' };

  it('is warned about, once', async () => {
    const { send, warnings } = await serve();
    await send('/');
    expect(warnings).toEqual([]);
    for (let times = 0; times < 3; times += 1) await send('/', GIVEN);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('set TRUST_PROXY');
  });

  it('is what it should be with it', async () => {
    const { send, warnings } = await serve({ trustProxy: 1 });
    await send('/', GIVEN);
    expect(warnings).toEqual([]);
  });
});
