import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiFixture, bodyOf, rawRequest, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
let token: string;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  fixture.jobs.length = 0;
  token = fixture.grant({ rateLimit: 1_000 }).token;
});

const FORM = 'application/x-www-form-urlencoded';

/** As a tool sends it: header values are bytes. @throws where it was refused */
async function post(
  body: string,
  { path = '', method = 'POST', ...headers }: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const sent = Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
  const res = await rawRequest(fixture.url, {
    path: `/api/alert${path}`,
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Length': String(Buffer.byteLength(body)),
      ...Object.fromEntries(sent),
    },
    // Of a string Node would write the headers as UTF-8, too.
    body: Buffer.from(body),
  });
  const answer = JSON.parse(res.body);
  if (res.status !== 202) return answer;
  const content = JSON.parse(Buffer.from(fixture.jobs.at(-1)?.sealed ?? '', 'base64').toString());
  return { ...fixture.records.get(answer.id), ...content, warnings: answer.warnings };
}

describe('a body that is not JSON is the message', () => {
  it.each([
    ['what curl -d sends', { 'Content-Type': FORM }, 'disk full', 'disk full'],
    ['a form without a message', { 'Content-Type': FORM }, 'a=b&c=100%', 'a=b&c=100%'],
    ['no content type, by PUT', { method: 'PUT' }, 'line 1\nline 2\n', 'line 1\nline 2'],
    ['plain text', { 'Content-Type': 'text/plain; charset=utf8' }, 'für 門 😀', 'für 門 😀'],
    ['an address with a query of no text', { path: '?title=', 'Content-Type': FORM }, 'x', 'x'],
    ['a line of a log', {}, '{"message":"x","level":30}', '{"message":"x","level":30}'],
    [
      'JSON that says that it is text',
      { 'Content-Type': 'text/plain' },
      '{"message":"x"}',
      '{"message":"x"}',
    ],
  ])('%s', async (_what, how, body, message) => {
    expect(await post(body, how as Record<string, string>)).toMatchObject({
      ...{ message, format: 'plain', priority: 'normal', warnings: undefined },
    });
  });

  it('but for a form that has one, and JSON whose sender forgot to say so', async () => {
    const form = await post('message=disk+full&title=db%201&priority=5&tags=a&tags=b', {
      'Content-Type': FORM,
    });
    expect(form).toMatchObject({ message: 'disk full', title: 'db 1', priority: 'high', tags: ['a', 'b'] });
    for (const how of [{ 'Content-Type': FORM }, {}] as Record<string, string>[]) {
      const json = await post('{"message":"disk full","title":"db"}', how);
      expect(json).toMatchObject({ message: 'disk full', title: 'db' });
      expect(json.warnings).toEqual([expect.stringContaining('Content-Type: application/json')]);
    }
  });

  it('or, without one, what the address says', async () => {
    expect(await post('', { path: '?message=line+1%5Cnline+2&priority=1' })).toMatchObject({
      ...{ message: 'line 1\nline 2', priority: 'low' },
    });
    expect(await post('', { path: '?title=x' })).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(await post(' \n', {})).toMatchObject({
      status: 400,
      detail: expect.stringContaining('no message'),
    });
    expect(await post('', {})).toMatchObject({ status: 400, detail: expect.stringContaining('empty') });
  });

  it('and is cut where it is longer than a message may be, with a warning', async () => {
    const long = await post('x'.repeat(100_010));
    expect((long.message as string).length).toBe(100_000);
    expect(long.warnings).toEqual(['message has 100010 characters: cut to 100000.']);
  });
});

describe('what else an alert has', () => {
  it.each([
    ['?title=Backup&priority=high&silent=true&tags=a,b&url=https://a.b&urlTitle=Open&format=markdown'],
    ['?t=Backup&p=urgent&silent=yes&ta=a,b&click=https://a.b&urltitle=Open&md=yes'],
    ['?X-Title=Backup&x-priority=5&silent=1&tag=a&tag=b&X-Click=https://a.b&urlTitle=Open&markdown=1'],
  ])('comes from the query: %s', async (path) => {
    expect(await post('it **worked**', { path })).toMatchObject({
      ...{ title: 'Backup', priority: 'high', silent: true, tags: ['a', 'b'] },
      ...{ url: 'https://a.b', urlTitle: 'Open', format: 'markdown', warnings: undefined },
    });
  });

  it.each([
    [{ Title: 'Störung', Priority: 'urgent', Tags: 'a,b', Click: 'https://a.b', Markdown: 'yes' }],
    [
      {
        'X-Title': 'Störung',
        'X-Priority': 'max',
        'X-Tags': 'a,b',
        'X-Click': 'https://a.b',
        'X-Markdown': '1',
      },
    ],
    [{ t: '=?UTF-8?B?U3TDtnJ1bmc=?=', p: '4', ta: 'a,b', Click: 'https://a.b', md: 'true' }],
    [
      {
        Ti: '=?utf-8?q?St=C3=B6?= =?utf-8?q?rung?=',
        prio: 'high',
        tag: 'a,b',
        Click: 'https://a.b',
        md: 'on',
      },
    ],
    [{ Title: '=?iso-8859-1?Q?St=F6rung?=', Priority: 'high', Tags: 'a,b', Click: 'https://a.b', md: 'yes' }],
  ])('comes from headers: %j', async (headers) => {
    expect(await post('x', headers as Record<string, string>)).toMatchObject({
      ...{ title: 'Störung', priority: 'high', tags: ['a', 'b'], url: 'https://a.b' },
      ...{ format: 'markdown', warnings: undefined },
    });
  });

  it('is taken from the body first, then from the query, then from a header', async () => {
    const headers = { Title: 'c', Priority: 'low', Tags: 'h', path: '?title=b&priority=high' };
    const form = await post('message=x&title=a', { ...headers, 'Content-Type': FORM });
    expect(form).toMatchObject({ title: 'a', priority: 'high', tags: ['h'] });
  });

  it.each(['u=4, i', 'u=1', 'i', 'i=?0', 'u=7,i=?1'])(
    'is no priority of the answer that a browser or proxy asks for: %s',
    async (priority) => {
      expect(await post('x', { Priority: priority })).toMatchObject({
        priority: 'normal',
        warnings: undefined,
      });
    },
  );

  it.each([
    ['30m', 30 * 60_000],
    ['90 s', 90_000],
    ['2 hours', 7_200_000],
    ['1day', 86_400_000],
  ])('may be a delay: %s', async (delay, ms) => {
    const before = Date.now();
    for (const how of [{ Delay: delay }, { In: delay }, { path: `?at=${encodeURIComponent(delay)}` }]) {
      const alert = await post('x', how as Record<string, string>);
      expect(Number(alert.deliverAt) - ms).toBeGreaterThanOrEqual(before - 1);
      expect(Number(alert.deliverAt) - ms).toBeLessThanOrEqual(Date.now());
    }
  });

  it('names an incident as ntfy does, but not one to come: then it goes without', async () => {
    const alone = await post('x', { 'X-Sequence-ID': 'disk', Delay: '1h' });
    expect(alone.warnings).toEqual([expect.stringMatching(/^key is left out/)]);
    expect(alone.deliverAt).toBeGreaterThan(Date.now());
  });

  it('never costs the alert: what is wrong is left out, and the answer says so', async () => {
    const path = '?priority=banana&titel=x&delay=tomorrow&threadId=x&auth=&dryRun=';
    const alert = await post('disk full', { path, 'X-Click': 'mailto:a@b' });
    expect(alert).toMatchObject({ message: 'disk full', priority: 'normal', deliverAt: null });
    expect(alert.warnings).toEqual([
      'priority is left out: Send one of: low, normal, high.',
      expect.stringMatching(/^url is left out/),
      expect.stringMatching(/^deliverAt is left out/),
      expect.stringMatching(/^threadId is left out/),
      'titel is not a field: did you mean title?',
    ]);
  });

  it('is refused where it names another chat', async () => {
    expect(await post('x', { path: '?chatId=me' })).toMatchObject({ status: 400 });
    expect(await post('x', { path: '?chatId=5' })).toMatchObject({ status: 403, code: 'chat_mismatch' });
  });

  it('is not looked for in headers and query where the body is JSON', async () => {
    const json = { 'Content-Type': 'application/json', path: '?title=a' };
    expect((await post('{"message":"x"}', { ...json, Title: 'b' })).title).toBeUndefined();
  });
});

it('a repeat with the same Idempotency-Key gets the first answer, also of a text', async () => {
  const headers = { token, method: 'POST', body: 'down', headers: { 'Idempotency-Key': 'a' } };
  const first = await bodyOf(await fixture.call('/api/alert', headers));
  const second = await fixture.call('/api/alert', headers);
  expect(second.headers.get('Idempotency-Replayed')).toBe('true');
  expect((await bodyOf(second)).id).toBe(first.id);
});
