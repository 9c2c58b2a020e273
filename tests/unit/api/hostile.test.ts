import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApiDocument } from '../../../src/api/openapi/document.ts';
import { type ApiFixture, bodyOf, rawRequest, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
let token: string;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  fixture.logged.length = 0;
  token = fixture.grant().token;
});

function post(
  body: string | Buffer<ArrayBuffer> | null,
  headers: Record<string, string> = { 'Content-Type': 'application/json' },
) {
  return fixture.call('/api/alert', { token, method: 'POST', body, headers });
}

async function expectProblem(res: Response, status: number, code: string): Promise<void> {
  const text = await res.text();
  expect(JSON.parse(text)).toMatchObject({
    type: `urn:pingui-alert:problem:${code}`,
    title: expect.any(String),
    status,
    code,
    requestId: res.headers.get('x-request-id'),
  });
  expect(res.status).toBe(status);
  expect(res.headers.get('content-type')).toBe('application/problem+json');
  expect(text).not.toMatch(/at .+\.(?:ts|js):\d+|node_modules/);
  expect(fixture.logged).toEqual([]);
}

describe('bodies', () => {
  it.each([
    ['cut', '{"message": "very secret'],
    ['a word', 'very secret'],
    ['a number', '5'],
    ['two values', '{} {}'],
    ['a byte order mark of nothing', '\ufeff'],
    ['100,000 brackets, cut', '['.repeat(100_000)],
    ['100,000 brackets', '['.repeat(100_000) + ']'.repeat(100_000)],
  ])('answers 400 to JSON that is %s, and does not quote it', async (_name, body) => {
    const res = await post(body);
    expect(await res.clone().text()).not.toContain('secret');
    await expectProblem(res, 400, 'invalid_request');
  });

  it('answers 400 to a message that is deeply nested, and 202 to an unknown field that is', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    await expectProblem(await post(`{"message": ${deep}}`), 400, 'invalid_request');
    expect((await post(`{"message": "x", "y": ${deep}}`)).status).toBe(202);
  });

  it('says that the body is empty', async () => {
    const res = await post(null, {});
    expect((await bodyOf(res.clone())).detail).toContain('empty');
    await expectProblem(res, 400, 'invalid_request');
  });

  it('ignores __proto__ and constructor', async () => {
    const res = await post(
      '{"message":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    );
    expect(res.status).toBe(202);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('names only so many faults of a long list', async () => {
    const res = await post(
      JSON.stringify({ message: 'x', tags: Array.from({ length: 60_000 }, () => ({})) }),
    );
    expect(((await bodyOf(res)).errors as unknown[]).length).toBe(10);
  });

  it('answers 413 to more than 1 MB, chunked or not, packed or not', async () => {
    const big = JSON.stringify({ message: 'x'.repeat(1_100_000) });
    await expectProblem(await post(big), 413, 'payload_too_large');
    const packed = gzipSync(big);
    const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
    await expectProblem(await post(packed, headers), 413, 'payload_too_large');
    const chunked = await rawRequest(fixture.url, {
      path: '/api/alert',
      method: 'POST',
      headers: {
        'Transfer-Encoding': 'chunked',
        'Content-Type': 'application/json',
        Authorization: `Bearer ${token}`,
      },
      body: big,
    });
    expect(chunked.status).toBe(413);
  });

  it('takes a chunked body, a packed body and application/*+json', async () => {
    const json = JSON.stringify({ message: 'x' });
    expect((await post(json, { 'Content-Type': 'application/cloudevents+json; charset=utf-8' })).status).toBe(
      202,
    );
    const packed = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
    expect((await post(gzipSync(json), packed)).status).toBe(202);
    await expectProblem(await post('not gzip', packed), 400, 'invalid_request');
    const chunked = await rawRequest(fixture.url, {
      path: '/api/alert',
      method: 'POST',
      headers: {
        'Transfer-Encoding': 'chunked',
        'Content-Type': 'application/json',
        Authorization: `Bearer ${token}`,
      },
      body: json,
    });
    expect(chunked.status).toBe(202);
  });

  it.each([
    { 'Content-Type': 'application/jsonp' },
    { 'Content-Type': 'multipart/form-data; boundary=x' },
    { 'Content-Type': 'text/plain; charset=nonsense' },
    { 'Content-Type': 'json' },
    { 'Content-Type': 'application/json; charset=nonsense' },
    { 'Content-Type': 'application/json', 'Content-Encoding': 'magic' },
  ])('answers 415 to %j', async (headers) => {
    await expectProblem(await post('{"message":"x"}', headers), 415, 'unsupported_media_type');
  });

  it('names the right media type', async () => {
    const res = await post('text', { 'Content-Type': 'image/png' });
    expect(res.headers.get('accept-post')).toContain('application/json, text/plain');
    expect((await bodyOf(res)).detail).toContain('application/json');
  });
});

describe('addresses and methods', () => {
  it.each(['/api/integrations/%E0%A4%A', '/api/alerts/%', '/api/%'])('answers no 500 to %s', async (path) => {
    const res = await rawRequest(fixture.url, { path, headers: { Authorization: `Bearer ${token}` } });
    expect([400, 404]).toContain(res.status);
    expect(res.headers['content-type']).toBe('application/problem+json');
  });

  it('answers 400 to an address that cannot be read, as the document says, to a tool in its own form', async () => {
    for (const [path, operations] of Object.entries(createApiDocument('0').paths ?? {}))
      for (const method of path.includes('{') ? Object.keys(operations) : []) {
        // Holds the answer to the document.
        const res = await fixture.call(path.replace(/\{\w+\}/, '%'), { method: method.toUpperCase(), token });
        expect([path, res.status]).toEqual([path, 400]);
      }
  });

  it.each([
    '/nothing',
    '/api',
    '/api/nothing',
    '/health',
    '/admin',
    '/admin/queues',
    '/metrics',
    '/sandbox',
    '//x',
  ])('answers 404 to %s', async (path) => {
    const res = await rawRequest(fixture.url, { path });
    expect(res.status).toBe(404);
    expect(JSON.parse(res.body)).toMatchObject({ code: 'not_found' });
  });

  it.each([
    ['GET', '/api/alert', 'POST'],
    ['PATCH', '/api/alert', 'PUT'],
    ['PUT', '/api/keys', 'POST'],
    ['GET', '/api/keys/5', 'DELETE'],
    ['POST', '/api/alerts/5', 'GET'],
    ['GET', '/api/alerts/5/resend', 'POST'],
    ['DELETE', '/api/integrations/5', 'GET'],
    ['GET', '/api/createIntegration', 'POST'],
    ['GET', '/api/rotateToken', 'POST'],
    ['GET', '/api/revokeIntegration', 'POST'],
    ['POST', '/health/live', 'GET'],
    ['POST', '/', 'GET'],
  ])('answers 405 with Allow to %s %s', async (method, path, allowed) => {
    const res = await fixture.call(path, { method });
    expect(res.headers.get('allow')?.split(', ')).toContain(allowed);
    await expectProblem(res, 405, 'method_not_allowed');
  });

  it('answers OPTIONS with the methods', async () => {
    const res = await fixture.call('/api/alert', { method: 'OPTIONS' });
    expect([res.status, res.headers.get('allow')]).toEqual([204, 'POST, PUT, OPTIONS']);
  });
});

describe('headers', () => {
  it.each(['a b', 'x'.repeat(65), 'ü', '"><script>', ''])(
    'gives an id of its own instead of %j',
    async (id) => {
      const res = await fixture.call('/health/live', { headers: { 'X-Request-Id': id } });
      expect(res.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('tells no client what it is made of, and forbids framing and sniffing', async () => {
    for (const path of ['/api/x', '/health/live', '/']) {
      const res = await fixture.call(path);
      expect(res.headers.get('x-powered-by')).toBeNull();
      expect(res.headers.get('x-content-type-options')).toBe('nosniff');
      expect(res.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    }
  });
});

describe('faults of our own', () => {
  it('answers one fixed text and logs the error once', async () => {
    const broken = await startApi({
      health: {
        live: () => ({ status: 'ok' }),
        ready: () => Promise.reject(Object.assign(new Error('password of db1.internal'), { status: 400 })),
      },
    });
    const res = await broken.call('/health/ready', { headers: { 'X-Request-Id': 'req-9' } });
    const text = await res.text();
    await broken.stop();
    expect(res.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', requestId: 'req-9' });
    expect(text).not.toContain('db1');
    expect(broken.logged).toMatchObject([{ level: 'error', fields: { requestId: 'req-9' } }]);
  });
});
