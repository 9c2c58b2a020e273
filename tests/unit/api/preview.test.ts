import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ApiFixture, bodyOf, CHAT, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
let id = 0;
let token: string;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  fixture.jobs.length = 0;
  fixture.events.length = 0;
  fixture.integrations.clear();
  // Each has its own 30 a minute.
  id += 1;
  token = fixture.grant({ id, rateLimit: 7, name: 'db' }).token;
});

const ask = (json: unknown, path = '/api/preview') => fixture.call(path, { token, json });

it('shows what would be sent, and sends nothing', async () => {
  const res = await ask({
    message: 'disk **full**',
    title: 'db1',
    format: 'markdown',
    priority: 'low',
    x: 1,
  });
  expect(res.status).toBe(200);
  expect(await bodyOf(res)).toEqual({
    parts: [
      {
        text: 'db1\ndisk full',
        entities: [
          { type: 'bold', offset: 0, length: 3 },
          { type: 'bold', offset: 9, length: 4 },
        ],
        length: 13,
      },
    ],
    ...{ cost: 1, remaining: 7, silent: true, key: null, resolve: false, warnings: ['x is not a field.'] },
  });
  expect([fixture.jobs, fixture.events]).toEqual([[], []]);
  expect(fixture.integrations.get(id)?.rateLimit).toBe(7);
});

it('is ?dryRun=true of the call itself, too: JSON, text, by PUT', async () => {
  const json = await ask({ message: 'x'.repeat(5_000) }, '/api/alert?dryRun=true');
  expect((await bodyOf(json)).parts).toHaveLength(2);
  const put = { token, method: 'PUT', body: 'hello' };
  const text = await fixture.call('/api/alert?dryRun=1&title=T', put);
  expect(await bodyOf(text)).toMatchObject({ parts: [{ text: 'T\nhello', length: 7 }], warnings: [] });
  expect(fixture.jobs).toEqual([]);
  expect((await fixture.call('/api/alert?dryRun=false', put)).status).toBe(202);
});

it('shows a long text as one file with its first lines', async () => {
  const { parts } = await bodyOf(await ask({ message: `one\ntwo\n${'x'.repeat(99_000)}` }));
  expect(parts).toEqual([expect.objectContaining({ file: { name: 'alert.txt', bytes: 99_008 } })]);
  expect((parts as { text: string }[])[0]?.text).toMatch(/^one\ntwo\nx+…\n\n\(full text in the file\)$/);
});

it('knows whom it is from where the chat has several', async () => {
  fixture.grant({ id: 1_000, name: 'web' });
  const texts = (await bodyOf(await ask({ message: 'm' }))).parts as { text: string }[];
  expect(texts[0]?.text).toBe('m\n— db');
  fixture.grant({ id: 1_001, name: 'db' });
  const twice = (await bodyOf(await ask({ message: 'm' }))).parts as { text: string }[];
  expect(twice[0]?.text).toBe(`m\n— db #${id}`);
});

it('knows what an incident makes of it', async () => {
  const costs = async (alert: object) => {
    const { parts, cost, key, resolve } = await bodyOf(await ask({ message: 'm', ...alert }));
    return [(parts as { text: string }[]).map(({ text }) => text), cost, key, resolve];
  };
  const key = 'disk';
  expect(await costs({ key })).toEqual([['m'], 1, key, false]);
  expect(await costs({ key, resolve: true })).toEqual([['m\n✅ Resolved'], 1, key, true]);
  expect(await costs({ key, resolve: 'if-open' })).toEqual([[], 0, key, 'if-open']);
  fixture.live.add(`${id} h(incident:${key})`);
  expect(await costs({ key })).toEqual([['m'], 0, key, false]);
  expect(await costs({ key, resolve: true })).toEqual([[], 0, key, true]);
  expect(await costs({ key: 'other' })).toEqual([['m'], 1, 'other', false]);
});

it('is refused as the alert would be, but for the quota, and counts as no refused alert', async () => {
  const refusal = async (json: object) => (await bodyOf(await ask(json))).code;
  fixture.integrations.set(id, { ...fixture.integrations.get(id), rateLimit: 0 } as never);
  expect(await bodyOf(await ask({ message: 'm' }))).toMatchObject({ remaining: 0 });
  expect(await refusal({})).toBe('invalid_request');
  expect(await refusal({ message: 'm', chatId: CHAT + 1 })).toBe('chat_mismatch');
  fixture.integrations.set(id, { ...fixture.integrations.get(id), unreachableSince: 1 } as never);
  expect(await refusal({ message: 'm' })).toBe('integration_not_active');
  fixture.grant({ id });
  expect(await refusal({ message: 'm' })).toBe('unauthorized');
  expect(fixture.events.filter(({ name }) => name === 'alert.refused')).toEqual([]);
  token = fixture.grant({ id, scope: 'integration:read' }).token;
  expect(await refusal({ message: 'm' })).toBe('scope_missing');
});

it('is there 30 times a minute', async () => {
  const codes = [];
  for (let asked = 0; asked < 31; asked += 1) codes.push((await ask({ message: 'm' })).status);
  expect(codes).toEqual([...Array(30).fill(200), 429]);
  const res = await ask({ message: 'm' });
  expect(Number(res.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect((await ask({ message: 'm' }, '/api/alert')).status).toBe(202);
});
