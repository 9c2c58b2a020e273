import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError, type ErrorCode } from '../../../src/domain/errors.ts';
import { type ApiFixture, bodyOf, CHAT, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
let token: string;
/** The status of each answer; 499: the client was gone. */
const answered: number[] = [];
beforeAll(async () => {
  fixture = await startApi({ observeRequest: ({ status }) => void answered.push(status) });
});
afterAll(() => fixture.stop());
afterEach(() => void vi.restoreAllMocks());
beforeEach(() => {
  fixture.jobs.length = 0;
  fixture.events.length = 0;
  token = fixture.grant().token;
});

const send = (json: unknown, headers: Record<string, string> = {}) =>
  fixture.call('/api/alert', { token, json, headers });

async function openJob(): Promise<unknown> {
  return JSON.parse(Buffer.from(fixture.jobs[0]?.sealed ?? '', 'base64').toString());
}

describe('POST /api/alert', () => {
  it('answers 202 with id, remaining, Location, request id and both halves of the quota headers', async () => {
    const res = await send(
      { message: 'The disk is full.', unknown: { field: 1 } },
      { 'X-Request-Id': 'abc-1' },
    );
    const body = await bodyOf(res);
    expect(res.status).toBe(202);
    expect(body).toEqual({
      ...{ id: body.id, status: 'queued', remaining: 9, message: 'Alert enqueued' },
      warnings: ['unknown is not a field.'],
    });
    expect(res.headers.get('location')).toBe(`/api/alerts/${body.id}`);
    expect(res.headers.get('x-request-id')).toBe('abc-1');
    expect(res.headers.get('ratelimit')).toMatch(/^"quota"; r=9; t=\d+$/);
    expect(res.headers.get('ratelimit-policy')).toBe('"quota"; q=10; w=86400');
    expect(res.headers.get('cache-control')).toBe('no-store');
    expect(fixture.jobs).toHaveLength(1);
  });

  it('takes all fields of the contract, and null for what is not set', async () => {
    const res = await send({
      message: 'a\r\nb\tc',
      title: null,
      format: 'markdown',
      priority: 'high',
      silent: true,
      url: 'https://example.com/x?y=1',
      urlTitle: 'Open',
      tags: ['db', 'prod eu'],
      ttl: 60,
      deliverAt: new Date(Date.now() + 60_000).toISOString(),
      threadId: 7,
      chatId: String(CHAT),
    });
    expect(res.status).toBe(202);
    expect(await openJob()).toEqual({
      message: 'a\nb\tc',
      format: 'markdown',
      url: 'https://example.com/x?y=1',
      urlTitle: 'Open',
      tags: ['db', 'prod eu'],
    });
    const [record] = [...fixture.records.values()].slice(-1);
    expect(record).toMatchObject({ priority: 'high', silent: true, threadId: 7, hasButton: true });
  });

  it('replaces half a surrogate pair, so that a cut emoji loses no alert', async () => {
    expect((await send({ message: 'cut \ud83d' })).status).toBe(202);
    expect(await openJob()).toMatchObject({ message: 'cut \ufffd' });
  });

  it('takes 100,000 characters, each escaped, and refuses one more', async () => {
    const escaped = (count: number) => `{"message":"${'\\u00e9'.repeat(count)}"}`;
    const post = (body: string) =>
      fixture.call('/api/alert', {
        token,
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/json' },
      });
    expect((await post(escaped(100_000))).status).toBe(202);
    expect((await post(escaped(100_001))).status).toBe(400);
  });

  it.each([
    ['no message', {}, 'message'],
    ['an empty message', { message: '' }, 'message'],
    ['nothing visible', { message: ' \n\u200b' }, 'message'],
    ['a number', { message: 1 }, 'message'],
    ['colours alone', { message: '\u001b[1m\u001b[0m' }, 'message'],
    ['an unknown format', { message: 'x', format: 'rtf' }, 'format'],
    ['an unknown priority', { message: 'x', priority: 6 }, 'priority'],
    ['silent as a word', { message: 'x', silent: 'perhaps' }, 'silent'],
    ['a script address', { message: 'x', url: 'javascript:alert(1)' }, 'url'],
    ['an address with a space', { message: 'x', url: 'https://a b' }, 'url'],
    ['tags that are none', { message: 'x', tags: { a: 1 } }, 'tags'],
    ['a tag that is none', { message: 'x', tags: ['a', {}] }, 'tags.1'],
    ['ttl 0', { message: 'x', ttl: 0 }, 'ttl'],
    ['a long ttl', { message: 'x', ttl: 604_801 }, 'ttl'],
    ['a broken ttl', { message: 'x', ttl: 1.5 }, 'ttl'],
    ['a time in the past', { message: 'x', deliverAt: '2020-01-01T00:00:00Z' }, 'deliverAt'],
    ['a time too far ahead', { message: 'x', deliverAt: '2999-01-01T00:00:00Z' }, 'deliverAt'],
    ['a time without offset', { message: 'x', deliverAt: '2999-01-01T00:00:00' }, 'deliverAt'],
    ['thread 0', { message: 'x', threadId: 0 }, 'threadId'],
    ['a chat id of words', { message: 'x', chatId: 'me' }, 'chatId'],
    ['a list', [], ''],
  ])('refuses %s with 400 and says where', async (_name, input, path) => {
    const res = await send(input);
    const body = await bodyOf(res);
    expect(res.status).toBe(400);
    expect(res.headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ code: 'invalid_request', status: 400, errors: [{ path }] });
    expect(fixture.jobs).toHaveLength(0);
    expect(fixture.events).toMatchObject([{ name: 'alert.refused', event: { code: 'invalid_request' } }]);
  });

  it('tells all faults together', async () => {
    const body = await bodyOf(await send({ title: 1, ttl: -1, url: 'x', tags: true }));
    const paths = (body.errors as { path: string }[]).map(({ path }) => path);
    expect(paths.sort()).toEqual(['message', 'tags', 'title', 'ttl', 'url']);
  });

  it('refuses another chat with 403 chat_mismatch', async () => {
    const res = await send({ message: 'x', chatId: CHAT + 1 });
    expect(res.status).toBe(403);
    expect(await bodyOf(res)).toMatchObject({ code: 'chat_mismatch' });
  });

  it.each([
    [{ unreachableSince: 1, unreachableReason: 'blocked' }, 'unblock the bot'],
    [{ unreachableSince: 1, unreachableReason: 'kicked', chatId: -5 }, 'Add it back'],
    [{ status: 'pending' as const }, 'setup token'],
    [{ status: 'revoked' as const }, 'revoked'],
  ])('refuses an integration that cannot send (%j) with 403 and what to do', async (change, words) => {
    token = fixture.grant(change).token;
    const res = await send({ message: 'x' });
    const body = await bodyOf(res);
    expect(res.status).toBe(403);
    expect(body.code).toBe('integration_not_active');
    expect(body.detail).toContain(words);
  });

  it('refuses with 429 when the quota is used up, tells when it resets, and tells the observers once', async () => {
    token = fixture.grant({ rateLimit: 0 }).token;
    const res = await send({ message: 'x' });
    expect(res.status).toBe(429);
    expect(await bodyOf(res)).toMatchObject({ code: 'quota_exhausted' });
    expect(Number(res.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(res.headers.get('ratelimit')).toMatch(/^"quota"; r=0; t=\d+$/);
    expect(fixture.events.map(({ name }) => name)).toEqual(['quota.exhausted', 'alert.refused']);
  });

  const full: ErrorCode[] = ['queue_full', 'chat_queue_full', 'schedule_full', 'chat_schedule_full'];
  it.each(full)('refuses with 503 and when to try again, and takes no unit: %s', async (code) => {
    const refusal = new AppError(code, 'There is no place.', { retryAfterSeconds: 6.2 });
    vi.spyOn(fixture.queue, 'add').mockRejectedValueOnce(refusal);
    const res = await send({ message: 'x' });
    expect([res.status, res.headers.get('retry-after')]).toEqual([503, '7']);
    expect(await bodyOf(res)).toMatchObject({ code, detail: 'There is no place.' });
    expect(fixture.events).toMatchObject([{ name: 'alert.refused', event: { code } }]);
    expect(await bodyOf(await send({ message: 'x' }))).toMatchObject({ remaining: 9 });
  });

  it('refuses with 503 and when to try again where the ledger fails, without its words', async () => {
    vi.spyOn(fixture.ledger, 'accept').mockRejectedValueOnce(new Error('SQLITE_FULL: disk of db7.internal'));
    const res = await send({ message: 'x' });
    expect([res.status, res.headers.get('retry-after')]).toEqual([503, '5']);
    expect(res.headers.get('content-type')).toBe('application/problem+json');
    const text = await res.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'database_unavailable', status: 503 });
    expect(text).not.toMatch(/SQLITE|db7/);
    expect(fixture.events).toMatchObject([
      { name: 'alert.refused', event: { code: 'database_unavailable' } },
    ]);
    expect(fixture.jobs).toHaveLength(0);
  });

  it('queues nothing for a client that has hung up before the ledger answered, and takes no unit', async () => {
    const { accept } = fixture.ledger;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = vi.spyOn(fixture.ledger, 'accept').mockImplementationOnce(async (alert) => {
      const verdict = await accept(alert);
      await held;
      return verdict;
    });
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const client = request(`${fixture.url}/api/alert`, { method: 'POST', headers, agent: false });
    client.on('error', () => undefined);
    client.end(JSON.stringify({ message: 'nobody waits for this' }));
    await vi.waitFor(() => expect(asked).toHaveBeenCalledOnce());
    client.destroy();
    await vi.waitFor(() => expect(answered).toContain(499));
    release();
    await vi.waitFor(() =>
      expect(fixture.events).toMatchObject([
        { name: 'alert.refused', event: { code: 'database_unavailable' } },
      ]),
    );
    expect([fixture.jobs, fixture.integrations.get(1)?.rateLimit]).toEqual([[], 10]);
  });

  it('leaves the refusals of the service to the service', async () => {
    token = fixture.grant({ rateLimit: 0 }).token;
    const res = await send({ message: 'x' }, { 'Idempotency-Key': 'nothing-left' });
    expect(res.status).toBe(429);
    expect(fixture.events.filter(({ name }) => name === 'alert.refused')).toHaveLength(1);
  });
});

describe('Idempotency-Key', () => {
  it('repeats the first answer, also with no quota left, and says that it is a repeat', async () => {
    token = fixture.grant({ rateLimit: 1 }).token;
    const first = await send({ message: 'once' }, { 'Idempotency-Key': 'key-1' });
    const again = await send({ message: 'once' }, { 'Idempotency-Key': 'key-1' });
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(await again.json()).toEqual(await first.json());
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(fixture.jobs).toHaveLength(1);
  });

  it('refuses the same key with another body', async () => {
    await send({ message: 'once' }, { 'Idempotency-Key': 'key-2' });
    const res = await send({ message: 'other' }, { 'Idempotency-Key': 'key-2' });
    expect(res.status).toBe(422);
    expect(await bodyOf(res)).toMatchObject({ code: 'idempotency_mismatch' });
  });

  it('answers a repeat that comes after its alert was due', async () => {
    const input = { message: 'later', deliverAt: new Date(fixture.clock.now() + 5_000).toISOString() };
    const first = await send(input, { 'Idempotency-Key': 'key-3' });
    fixture.clock.skew = 60_000;
    const again = await send(input, { 'Idempotency-Key': 'key-3' });
    fixture.clock.skew = 0;
    expect(await again.json()).toEqual(await first.json());
  });

  it('refuses a key of more than 255 characters', async () => {
    expect((await send({ message: 'x' }, { 'Idempotency-Key': 'x'.repeat(255) })).status).toBe(202);
    const res = await send({ message: 'x' }, { 'Idempotency-Key': 'x'.repeat(256) });
    expect(res.status).toBe(400);
    expect(await bodyOf(res)).toMatchObject({ errors: [{ path: 'Idempotency-Key' }] });
  });
});

describe('waiting', () => {
  it('answers POST with Prefer: wait after the alert ended, with its entry', async () => {
    const pending = send({ message: 'x', tags: ['db'] }, { Prefer: 'respond-async, wait=20' });
    await vi.waitFor(() => expect(fixture.jobs).toHaveLength(1));
    fixture.end(fixture.jobs[0]?.alertId ?? '', { parts: 1, messageIds: [99] });
    const res = await pending;
    expect(res.status).toBe(202);
    expect(res.headers.get('preference-applied')).toBe('wait=20');
    expect(await bodyOf(res)).toMatchObject({
      status: 'delivered',
      remaining: 9,
      message: 'Alert enqueued',
      alert: {
        status: 'delivered',
        tags: ['db'],
        messageIds: [99],
        partsDelivered: 1,
        endedAt: expect.any(String),
      },
    });
  });

  it('answers GET ?wait= when the alert ends, and at once when it has ended', async () => {
    const { id } = await bodyOf(await send({ message: 'x' }));
    const pending = fixture.call(`/api/alerts/${id}?wait=30`, { token });
    setTimeout(() => fixture.end(String(id), { status: 'uncertain', reason: 'timeout' }), 50);
    expect(await bodyOf(await pending)).toMatchObject({ id, status: 'uncertain', reason: 'timeout' });
    expect((await fixture.call(`/api/alerts/${id}?wait=60`, { token })).status).toBe(200);
  });

  it.each(['61', '-1', 'x', '1.5', '1&wait=2'])('refuses ?wait=%s', async (wait) => {
    const { id } = await bodyOf(await send({ message: 'x' }));
    expect((await fixture.call(`/api/alerts/${id}?wait=${wait}`, { token })).status).toBe(400);
  });
});

describe('GET /api/alerts/:id while the queue is paused', () => {
  it('says so where the alert could be sent, and only there', async () => {
    const paused = await startApi({ isPaused: async () => true });
    const { token } = paused.grant();
    const reason = async (alert: object) => {
      const { id } = await bodyOf(await paused.call('/api/alert', { token, json: alert }));
      return (await bodyOf(await paused.call(`/api/alerts/${id}`, { token }))).reason;
    };
    expect(await reason({ message: 'x' })).toBe('paused');
    const deliverAt = new Date(Date.now() + 3_600_000).toISOString();
    expect(await reason({ message: 'x', deliverAt })).toBeNull();
    await paused.stop();
  });
});

describe('GET /api/alerts/:id', () => {
  it('shows the entry without text, hashes or internal ids', async () => {
    const { id } = await bodyOf(await send({ message: 'very secret', title: 'hidden', tags: ['a'] }));
    const res = await fixture.call(`/api/alerts/${id}`, { token });
    const text = await res.text();
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(
      [
        ...[
          ...['folded', 'shown', 'incident', 'acknowledgement'],
          'button',
          'createdAt',
          'deliverAt',
          'endedAt',
          'expiresAt',
          'format',
          'id',
          'messageIds',
          'parts',
        ],
        ...[
          'partsDelivered',
          'priority',
          'reason',
          'remaining',
          'sendingAt',
          'silent',
          'status',
          'tags',
          'threadId',
        ],
      ].sort(),
    );
    expect(text).not.toContain('secret');
    expect(text).not.toContain('hidden');
  });

  it("answers 404 for another integration's alert and for what is no id", async () => {
    const { id } = await bodyOf(await send({ message: 'x' }));
    const other = fixture.grant({ id: 2, chatId: 9 }).token;
    expect((await fixture.call(`/api/alerts/${id}`, { token: other })).status).toBe(404);
    expect((await fixture.call('/api/alerts/nonsense', { token })).status).toBe(404);
  });

  it('lets the sender resend a failed alert, and refuses others with 409', async () => {
    const { id } = await bodyOf(await send({ message: 'x' }));
    const resend = () => fixture.call(`/api/alerts/${id}/resend`, { token, method: 'POST' });
    expect((await resend()).status).toBe(409);
    fixture.end(String(id), { status: 'failed', reason: 'chat_not_found' });
    const res = await resend();
    expect(res.status).toBe(202);
    expect(await bodyOf(res)).toEqual({ id, status: 'queued', message: 'Alert enqueued again' });
  });
});
