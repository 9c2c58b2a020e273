import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiFixture, bodyOf, CHAT, rawRequest, startApi } from '../../support/api-fixture.ts';

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

const send = (json: unknown, headers: Record<string, string> = {}) =>
  fixture.call('/api/alert', { token, json, headers });
const post = (body: string | Buffer<ArrayBuffer>, type = 'application/json') =>
  fixture.call('/api/alert', { token, method: 'POST', body, headers: { 'Content-Type': type } });

/** The accepted alert's text, options and the answer's warnings. @throws where it was refused */
async function accepted(res: Response): Promise<Record<string, unknown>> {
  const body = await bodyOf(res);
  expect(body).toMatchObject({ status: 'queued' });
  const content = JSON.parse(Buffer.from(fixture.jobs.at(-1)?.sealed ?? '', 'base64').toString());
  return { ...fixture.records.get(String(body.id)), ...content, warnings: body.warnings };
}

describe('what is left blank is left out, without a word', () => {
  it.each([
    ['url', ''],
    ['url', '  '],
    ['url', null],
    ['urlTitle', ''],
    ['title', ''],
    ['title', ' \n\u200b'],
    ['title', '\u001b[0m'],
    ['format', ''],
    ['format', ' '],
    ['priority', ''],
    ['silent', ''],
    ['tags', ''],
    ['tags', []],
    ['tags', ['']],
    ['tags', [' ', null]],
    ['ttl', ''],
    ['ttl', null],
    ['deliverAt', ''],
    ['threadId', ''],
    ['chatId', ''],
  ])('%s: %j', async (field, value) => {
    const alert = await accepted(await send({ message: 'x', [field]: value }));
    expect(alert).toMatchObject({ format: 'plain', priority: 'normal', silent: false, threadId: null });
    for (const absent of ['title', 'url', 'urlTitle', 'tags', 'warnings'])
      expect(alert[absent]).toBeUndefined();
    expect([alert.deliverAt, alert.expiresAt]).toEqual([null, null]);
  });

  it('among others', async () => {
    expect((await accepted(await send({ message: 'x', tags: ['a', '', ' b '] }))).tags).toEqual(['a', 'b']);
  });
});

describe('what is written in another way means the same', () => {
  const inAnHour = Math.floor(Date.now() / 1000) * 1000 + 3_600_000;
  const iso = new Date(inAnHour).toISOString().slice(0, 19);
  /** The same moment on a clock that is so many minutes ahead of UTC. */
  const local = (aheadMin: number) => new Date(inAnHour + aheadMin * 60_000).toISOString().slice(0, 19);
  it.each([
    ['priority', 'HIGH', { priority: 'high' }],
    ['priority', ' low ', { priority: 'low' }],
    ['priority', 'urgent', { priority: 'high' }],
    ['priority', 'min', { priority: 'low' }],
    ['priority', 'default', { priority: 'normal' }],
    ['priority', 5, { priority: 'high' }],
    ['priority', '1', { priority: 'low' }],
    ['priority', 3, { priority: 'normal' }],
    ['format', 'Markdown', { format: 'markdown' }],
    ['format', 'md', { format: 'markdown' }],
    ['format', 'HTML', { format: 'html' }],
    ['format', 'text', { format: 'plain' }],
    ['silent', 'true', { silent: true }],
    ['silent', 'False', { silent: false }],
    ['silent', 1, { silent: true }],
    ['silent', '0', { silent: false }],
    ['silent', 'yes', { silent: true }],
    ['threadId', '7', { threadId: 7 }],
    ['tags', 'db, prod eu,', { tags: ['db', 'prod eu'] }],
    ['tags', [404, 'a\nb'], { tags: ['404', 'a b'] }],
    ['url', ' https://example.com/x\n', { url: 'https://example.com/x' }],
    ['title', 'two\r\nlines\rand', { title: 'two\nlines\nand' }],
    ['chatId', `+${CHAT}`, {}],
    ['chatId', ` ${CHAT} `, {}],
    ['deliverAt', `${iso}+0000`, { deliverAt: inAnHour }],
    ['deliverAt', `${iso}+00`, { deliverAt: inAnHour }],
    ['deliverAt', `${local(120)}+0200`, { deliverAt: inAnHour }],
    ['deliverAt', `${local(-330)}-0530`, { deliverAt: inAnHour }],
    ['deliverAt', `${local(345)}+05:45`, { deliverAt: inAnHour }],
    ['deliverAt', `${local(-180)}-03`, { deliverAt: inAnHour }],
    ['deliverAt', `${iso}z`, { deliverAt: inAnHour }],
    ['deliverAt', `${iso.replace('T', ' ')}+00:00`, { deliverAt: inAnHour }],
    ['deliverAt', `${iso.replace('T', ' ')} UTC`, { deliverAt: inAnHour }],
    ['deliverAt', `${iso},000-0000`, { deliverAt: inAnHour }],
    ['deliverAt', inAnHour, { deliverAt: inAnHour }],
    ['deliverAt', inAnHour / 1000, { deliverAt: inAnHour }],
    ['deliverAt', String(inAnHour / 1000), { deliverAt: inAnHour }],
  ])('%s: %j', async (field, value, expected) => {
    const alert = await accepted(await send({ message: 'x', [field]: value }));
    expect(alert).toMatchObject(expected);
    expect(alert.warnings).toBeUndefined();
  });

  it('ttl as a string of digits', async () => {
    const { expiresAt, createdAt } = await accepted(await send({ message: 'x', ttl: ' 60 ' }));
    expect(Number(expiresAt) - Number(createdAt)).toBe(60_000);
  });

  it('deliverAt has just passed: the clocks of two machines differ', async () => {
    const justNow = new Date(fixture.clock.now() - 60_000).toISOString();
    expect((await send({ message: 'x', deliverAt: justNow })).status).toBe(202);
    const longAgo = new Date(fixture.clock.now() - 600_000).toISOString();
    expect((await send({ message: 'x', deliverAt: longAgo })).status).toBe(400);
  });

  it('and is the same alert for an Idempotency-Key', async () => {
    const key = { 'Idempotency-Key': 'alike' };
    const first = await send({ message: 'x', ttl: 60, tags: ['a'], title: null }, key);
    const again = await send({ message: 'x', ttl: '60', tags: 'a', url: '' }, key);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
    expect(await again.json()).toEqual(await first.json());
  });
});

describe('what is too long is cut, with a warning', () => {
  it.each([
    ['tags', ['ok', 'x'.repeat(33)], { tags: ['ok', 'x'.repeat(32)] }, 'tags.1'],
    ['tags', Array.from({ length: 11 }, (_, i) => `t${i}`), { tags: { length: 10 } }, 'tags'],
    ['tags', Array.from({ length: 60_000 }, () => 1), { tags: { length: 10 } }, 'tags'],
    ['title', 'x'.repeat(257), { title: 'x'.repeat(256) }, 'title'],
    ['title', `${'x'.repeat(255)}😀`, { title: 'x'.repeat(255) }, 'title'],
  ])('%s', async (field, value, expected, named) => {
    const alert = await accepted(await send({ message: 'x', [field]: value }));
    expect(alert).toMatchObject(expected);
    expect(alert.warnings).toEqual([expect.stringContaining(`${named} `)]);
  });

  it('urlTitle', async () => {
    const alert = await accepted(
      await send({ message: 'x', url: 'https://a.example', urlTitle: 'é'.repeat(65) }),
    );
    expect(alert.urlTitle).toBe('é'.repeat(64));
    expect(alert.warnings).toEqual(['urlTitle has 65 characters: cut to 64.']);
  });

  it('but a url is left out, because half an address leads elsewhere, and so is a button without one', async () => {
    const alert = await accepted(
      await send({ message: 'x', url: `https://a.example/${'b'.repeat(2_048)}`, urlTitle: 'Open' }),
    );
    expect([alert.url, alert.urlTitle]).toEqual([undefined, undefined]);
    expect(alert.warnings).toEqual([expect.stringContaining('url has'), expect.stringContaining('urlTitle')]);
    const untargeted = await accepted(await send({ message: 'x', url: '', urlTitle: 'Open' }));
    expect(untargeted.warnings).toEqual([expect.stringContaining('urlTitle')]);
  });

  it('never a message: 100,000 characters are taken, one more is refused', async () => {
    expect(((await accepted(await send({ message: 'é'.repeat(100_000) }))).message as string).length).toBe(
      100_000,
    );
    const res = await send({ message: 'é'.repeat(100_001) });
    expect(res.status).toBe(400);
    expect((await bodyOf(res)).detail).toBe('message: Send at most 100000 characters.');
    // Colours are not counted.
    expect((await send({ message: `\u001b[31m${'x'.repeat(100_000)}\u001b[0m` })).status).toBe(202);
  });
});

describe('control characters', () => {
  it.each([
    [
      '\u001b[31;1mERROR\u001b[0m disk \u001b]8;;https://a.example\u0007sda\u001b]8;;\u0007',
      'ERROR disk sda',
    ],
    ['50 %\r100 %\r\ndone\r\n', '50 %\n100 %\ndone\n'],
    ['a\u0000b\u0007c\td', 'a␀b␇c\td'],
  ])('%j is read as %j', async (message, read) => {
    const alert = await accepted(await send({ message }));
    expect(alert.message).toBe(read);
    expect(alert.warnings).toBeUndefined();
  });

  it.each(['', ' \n', '\u200b\u2060', '\u001b[0m', '\u001b[1m \u001b[0m\r\n', '\u00ad\ufeff'])(
    'refuses %j: there is nothing to see',
    async (message) => {
      const res = await send({ message });
      expect(res.status).toBe(400);
      expect(await bodyOf(res)).toMatchObject({ errors: [{ path: 'message' }] });
    },
  );

  it('may stand in the JSON as they are, as a shell puts a log line there', async () => {
    const alert = await accepted(
      await post('{"message":"one\ntwo\tthree \u001b[32mok\u001b[0m","ttl":\n60}'),
    );
    expect(alert.message).toBe('one\ntwo\tthree ok');
    expect((await post('{"message":"one\ntwo')).status).toBe(400);
  });

  it('and quotes may be escaped, as a command is that was copied out of a JSON answer', async () => {
    expect((await accepted(await post(String.raw`{\"message\":\"It works\"}`))).message).toBe('It works');
    expect((await accepted(await post(String.raw`{"message":"a \"b\" c"}`))).message).toBe('a "b" c');
    expect((await post(String.raw`{\"message\":`)).status).toBe(400);
  });
});

describe('fields that are none', () => {
  it.each([
    [{ titel: 'x' }, ['titel is not a field: did you mean title?']],
    [{ Title: 'x' }, ['Title is not a field: did you mean title?']],
    [{ url_title: 'x' }, ['url_title is not a field: did you mean urlTitle?']],
    [{ prioirty: 'x' }, ['prioirty is not a field: did you mean priority?']],
    [{ colour: 'red' }, ['colour is not a field.']],
    [{ constructor: 1 }, ['constructor is not a field.']],
  ])('%j is warned about, and costs no alert', async (more, warnings) => {
    expect((await accepted(await send({ message: 'x', ...more }))).warnings).toEqual(warnings);
  });

  it('are named by the answer up to ten, each with at most 64 characters', async () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`${i}${'x'.repeat(500)}`, i]));
    const { warnings } = await accepted(await send({ message: 'x', ...many }));
    expect(warnings).toHaveLength(11);
    expect((warnings as string[]).at(-1)).toBe('390 more are not fields.');
    expect(Math.max(...(warnings as string[]).map(({ length }) => length))).toBeLessThan(100);
  });

  it('are pointed at where a request fails for want of the right one', async () => {
    const res = await send({ mesage: 'disk full' });
    expect(res.status).toBe(400);
    expect((await bodyOf(res)).errors).toEqual([
      { path: 'message', message: 'This field is required. Send a string.' },
      { path: 'mesage', message: 'This is not a field: did you mean message?' },
    ]);
  });
});

describe('the request around the alert', () => {
  it.each([
    'application/json; charset=utf8',
    'application/json; charset=UTF8',
    'application/json;charset="utf-8"',
    "application/json; charset='utf-8'",
    'application/json; charset=',
    'application/json;',
    'Application/JSON',
    'text/json',
    'application/x-json',
    'application/json, application/json',
  ])('takes Content-Type %s', async (type) => {
    expect((await accepted(await post('{"message":"é"}', type))).message).toBe('é');
  });

  it('reads a body in the charset that it names', async () => {
    const latin = Buffer.from('{"message":"é"}', 'latin1');
    expect((await accepted(await post(latin, 'application/json; charset=iso-8859-1'))).message).toBe('é');
  });

  it('takes a byte order mark', async () => {
    expect((await accepted(await post('\ufeff{"message":"x"}'))).message).toBe('x');
  });

  it.each(['//api/alert', '/api//alert', '//api///alert//', '/api/alert/'])('answers at %s', async (path) => {
    const res = await rawRequest(fixture.url, {
      path,
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: '{"message":"x"}',
    });
    expect(res.status).toBe(202);
  });

  it('leaves slashes in a query alone', async () => {
    const res = await rawRequest(fixture.url, { path: '//api/alerts/%2F?x=//y' });
    expect(res.status).toBe(401);
  });

  it.each(['with space', 'ümlaut', '"quoted"', 'a,b;c=d'])('takes the Idempotency-Key %j', async (key) => {
    const first = await send({ message: 'x' }, { 'Idempotency-Key': key });
    const again = await send({ message: 'x' }, { 'Idempotency-Key': key });
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([
      202,
      202,
      'true',
    ]);
  });

  it('takes an empty Idempotency-Key for none, and says so', async () => {
    const first = await send({ message: 'x' }, { 'Idempotency-Key': '' });
    const again = await bodyOf(await send({ message: 'x' }, { 'Idempotency-Key': '' }));
    expect((await bodyOf(first)).id).not.toBe(again.id);
    expect(again.warnings).toEqual([expect.stringContaining('Idempotency-Key is empty')]);
  });

  it.each(['', 'x', 'wait', 'wait=', 'wait=soon', 'wait=-1', 'respond-async;foo, return=minimal'])(
    'ignores Prefer: %s',
    async (prefer) => {
      expect((await send({ message: 'x' }, { Prefer: prefer })).status).toBe(202);
    },
  );
});

describe('createIntegration', () => {
  const create = async (json: object) =>
    bodyOf(await fixture.call('/api/createIntegration', { token: fixture.setup().token, json }));

  it.each([
    [{ name: '', scope: ' ', chatId: '' }, { name: 'integration 1' }],
    [{ name: ' my\tserver\r\n' }, { name: 'my server' }],
    [{ name: 'x'.repeat(65) }, { name: 'x'.repeat(64) }],
    [{ scope: 'alert:send, integration:read' }, { scope: 'alert:send integration:read' }],
    [{ scope: ['alert:send'] }, { scope: 'alert:send' }],
    [{ chatId: `+${CHAT}` }, { chatId: CHAT }],
    [{ showName: 'no' }, { showName: false }],
    [{ showName: '' }, { showName: true }],
  ])('takes %j', async (input, expected) => {
    expect(await create(input)).toMatchObject({ integration: expected });
  });

  it('warns of what it has cut, and of fields that are none', async () => {
    const { warnings } = await create({ name: 'x'.repeat(65), nmae: 'y' });
    expect(warnings).toEqual([
      'name has 65 characters: cut to 64.',
      'nmae is not a field: did you mean name?',
    ]);
    expect((await create({ name: 'x' })).warnings).toBeUndefined();
  });
});

describe('what must be refused', () => {
  const wrong = [{}, [], 'what?', -1, 1.5, true, '\u0000', '2020-01-01', Number.MAX_VALUE];
  const fields = ['message', 'title', 'format', 'priority', 'silent', 'url', 'urlTitle', 'tags', 'ttl'];
  it.each([...fields, 'deliverAt', 'threadId', 'chatId'])(
    'says what to send for %s, in our words',
    async (field) => {
      let refused = 0;
      for (const value of wrong) {
        const res = await send({ message: 'x', url: 'https://a.example', [field]: value });
        const body = await bodyOf(res);
        // Another chat is refused as such.
        expect([202, 400, 403]).toContain(res.status);
        if (res.status !== 400) continue;
        refused += 1;
        expect(body.errors).not.toEqual([]);
        for (const { message } of body.errors as { message: string }[]) {
          expect(message).toMatch(/^(?:Send|This|urlTitle) .*\.$/);
          expect(message).not.toMatch(/pattern|\/\^|Invalid|expected/);
        }
      }
      expect(refused).toBeGreaterThan(0);
    },
  );
});
