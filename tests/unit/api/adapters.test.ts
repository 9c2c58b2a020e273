import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTER_NAMES, ADAPTERS, type AdapterName, pathFor } from '../../../src/ingest/adapters.ts';
import { type ApiFixture, bodyOf, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
let token: string;
/** Of its own for each test: deliveries that come again are none. */
let id = 0;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  fixture.events.length = 0;
  fixture.jobs.length = 0;
  id += 1;
  token = fixture.grant({ id, rateLimit: 1_000, dailyLimit: 1_000 }).token;
});

async function makeKey(adapter: AdapterName, options: object = {}): Promise<string> {
  const given = adapter === 'json' ? { template: '{{ text }}', ...options } : options;
  const { key } = await fixture.useCases.keys.make({ id, chatId: 4242 }, { adapter, options: { ...given } });
  return key;
}

/** What stands in an adapter's folder: bodies of its tool. */
function fixtureOf(adapter: AdapterName, name: string) {
  const file = join(
    new URL('../../../src/ingest', import.meta.url).pathname,
    adapter,
    'fixtures',
    `${name}.json`,
  );
  return JSON.parse(readFileSync(file, 'utf8'));
}
/** What the tests below look at; of other adapters it is the first in their folder that makes a message. */
const SAMPLES: Readonly<Partial<Record<AdapterName, string>>> = {
  alertmanager: 'firing',
  grafana: 'firing',
  github: 'workflow-failed',
  'uptime-kuma': 'down',
  healthchecks: 'down',
  apprise: 'json',
  ntfy: 'text',
  gotify: 'message',
  json: 'slack',
};

function sampleOf(adapter: AdapterName): string {
  const dir = new URL(`../../../src/ingest/${adapter}/fixtures/`, import.meta.url);
  const made = readdirSync(dir).filter((name) => name.endsWith('.alerts.json'));
  const first = made.find((name) => {
    const [alert] = JSON.parse(readFileSync(new URL(name, dir), 'utf8')).alerts ?? [];
    return alert !== undefined && alert.resolve === undefined;
  });
  return SAMPLES[adapter] ?? (first ?? '').replace('.alerts.json', '');
}

function post(adapter: AdapterName, key: string, name = sampleOf(adapter)): Promise<Response> {
  const { body, text, headers } = fixtureOf(adapter, name);
  const path = pathFor(adapter, key);
  return text === undefined
    ? fixture.call(path, { json: body, headers })
    : fixture.call(path, { method: 'POST', body: text, headers });
}
const shown = (index: number) =>
  JSON.parse(Buffer.from(fixture.jobs.at(index)?.sealed ?? '', 'base64').toString('utf8'));

describe('every adapter', () => {
  it.each(ADAPTER_NAMES)('%s takes its tool’s alert by its key, and by a token', async (adapter) => {
    const byKey = await post(adapter, await makeKey(adapter));
    expect(byKey.status).toBe('answer' in ADAPTERS[adapter] ? 200 : 202);
    expect(fixture.jobs).toHaveLength(1);
    const { body, text, headers } = fixtureOf(adapter, sampleOf(adapter));
    const path = pathFor(adapter, '').replace(/(?:\?token=|\/)$/, '');
    const byToken = await fixture.call(path, {
      token,
      headers: { ...headers, 'x-gotify-key': '' },
      // Another delivery.
      ...(text === undefined ? { json: { ...body, groupKey: 'another' } } : { method: 'POST', body: text }),
    });
    expect(byToken.status).toBeLessThan(300);
  });

  it.each(ADAPTER_NAMES)('%s refuses an unknown key, another adapter’s, and none', async (adapter) => {
    const path = (key: string) => pathFor(adapter, key);
    const none = await fixture.call(path('x'.repeat(43)), { json: {} });
    expect(none.status).toBe(401);
    const other = adapter === 'ntfy' ? 'gotify' : 'ntfy';
    const wrong = await fixture.call(path(await makeKey(other)), { json: {} });
    expect(wrong.status).toBe(403);
    expect(fixture.jobs).toEqual([]);
  });

  it.each(ADAPTER_NAMES)('%s refuses a broken body with a 400 and never redirects', async (adapter) => {
    if (adapter === 'ntfy') return;
    const res = await fixture.call(pathFor(adapter, await makeKey(adapter)), {
      ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"alerts": [' },
    });
    expect(res.status).toBe(400);
    expect(fixture.events.filter(({ name }) => name === 'alert.refused')).toHaveLength(1);
  });

  it('shows a key in no log line and no event', async () => {
    const key = await makeKey('alertmanager');
    await post('alertmanager', key);
    await fixture.call(`/api/in/alertmanager/${key}/further`, { json: {} });
    expect(JSON.stringify([fixture.events, fixture.logged])).not.toContain(key);
  });
});

describe('alertmanager', () => {
  it('answers with the alerts, and once more the same for the same delivery within 5 minutes', async () => {
    const key = await makeKey('alertmanager');
    const first = await post('alertmanager', key);
    const answer = await bodyOf(first);
    expect(answer).toEqual({ alerts: [{ id: expect.any(String), status: 'queued' }] });
    const again = await post('alertmanager', key);
    expect([await bodyOf(again), again.headers.get('Idempotency-Replayed')]).toEqual([answer, 'true']);
    expect(fixture.jobs).toHaveLength(1);
    expect(fixture.events.filter(({ name }) => name === 'alert.replayed')).toHaveLength(1);
  });

  it('says 503 where others say 429: it gives up on a 429', async () => {
    const key = await makeKey('alertmanager');
    fixture.grant({ id, rateLimit: 0 });
    const res = await post('alertmanager', key);
    expect(res.status).toBe(503);
    expect(Number(res.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await bodyOf(res)).toMatchObject({ code: 'quota_exhausted', status: 503 });
    const other = await post('uptime-kuma', await makeKey('uptime-kuma'));
    expect(other.status).toBe(429);
  });

  it('resolves what is open, and else does nothing', async () => {
    const res = await post('alertmanager', await makeKey('alertmanager'), 'resolved');
    expect(res.status).toBe(202);
    expect(await bodyOf(res)).toEqual({ alerts: [], ignored: 'Nothing is open that this would resolve.' });
  });

  it('leads to the graph, to a silence and to the runbook by buttons, which nobody else can name', async () => {
    await post('alertmanager', await makeKey('alertmanager'));
    const { url, urlTitle, moreLinks } = shown(-1);
    expect([{ title: urlTitle, url }, ...moreLinks]).toEqual([
      { title: 'Graph', url: expect.stringMatching(/^https:\/\/prometheus\./) },
      {
        title: 'Silence',
        url: expect.stringMatching(/^https:\/\/alertmanager.*\/#\/silences\/new\?filter=/),
      },
      { title: 'Runbook', url: 'https://runbooks.example.org/disk-will-fill' },
    ]);
    const json = { message: 'x', moreLinks: [{ url: 'https://a.b' }] };
    expect(await bodyOf(await fixture.call('/api/alert', { token, json }))).toHaveProperty('warnings');
    expect(shown(-1)).not.toHaveProperty('moreLinks');
  });

  it('loses nothing of a text to markup', async () => {
    await post('alertmanager', await makeKey('alertmanager'), 'sparse');
    const { message, format } = shown(-1);
    expect([format, message]).toEqual(['plain', expect.stringContaining('*_ not & <b>markup</b> _*')]);
    await post('alertmanager', await makeKey('alertmanager'));
    expect(shown(-1)).toMatchObject({ format: 'plain', message: expect.not.stringContaining('<a ') });
  });
});

describe('github', () => {
  const secret = 'a secret of the webhook';
  const raw = () => JSON.stringify(fixtureOf('github', 'workflow-failed').body);
  const sign = (body: string, by = secret) => `sha256=${createHmac('sha256', by).update(body).digest('hex')}`;
  const deliver = (key: string, body: string, headers: Record<string, string>) =>
    fixture.call(`/api/in/github/${key}`, {
      ...{ method: 'POST', body },
      headers: { 'Content-Type': 'application/json', 'X-GitHub-Event': 'workflow_run', ...headers },
    });

  it('takes what is signed over the raw body, and nothing else', async () => {
    const key = await makeKey('github', { secret });
    const body = `${raw()} `;
    for (const headers of [
      {},
      { 'X-Hub-Signature-256': sign(raw()) },
      { 'X-Hub-Signature-256': sign(body, 'other') },
      { 'X-Hub-Signature-256': sign(body).slice(7) },
    ]) {
      const res = await deliver(key, body, headers);
      expect([res.status, (await bodyOf(res)).code]).toEqual([401, 'unauthorized']);
    }
    const good = await deliver(key, body, { 'X-Hub-Signature-256': sign(body) });
    expect(good.status).toBe(202);
  });

  it('takes the form, and answers ping and events of no interest with 2xx, counted', async () => {
    const key = await makeKey('github');
    const form = new URLSearchParams({ payload: raw() }).toString();
    const res = await deliver(key, form, { 'Content-Type': 'application/x-www-form-urlencoded' });
    expect([res.status, fixture.jobs.length]).toEqual([202, 1]);
    for (const name of ['ping', 'unknown-event']) {
      const ignored = await post('github', key, name);
      expect([ignored.status, await bodyOf(ignored)]).toEqual([
        202,
        { alerts: [], ignored: expect.any(String) },
      ]);
    }
    expect(fixture.events.filter(({ name }) => name === 'delivery.ignored')).toHaveLength(2);
    const dead = await fixture.call('/api/in/github', {
      ...{ token: fixture.tokens.issue(id, 'alert:send').token, json: {} },
      headers: { 'X-GitHub-Event': 'ping' },
    });
    expect(dead.status).toBe(401);
  });

  it('heeds the filters of the key, and those of the address before them', async () => {
    const key = await makeKey('github', { branch: ['release/*'] });
    expect(await bodyOf(await post('github', key))).toMatchObject({ alerts: [] });
    const { body, headers } = fixtureOf('github', 'workflow-failed');
    const res = await fixture.call(`/api/in/github/${key}?branch=master,x`, { json: body, headers });
    expect(await bodyOf(res)).toMatchObject({ alerts: [{ status: 'queued' }] });
  });
});

describe('grafana', () => {
  it('takes a signature with and without a time, also by PUT', async () => {
    const secret = 'a secret of grafana';
    const key = await makeKey('grafana', { secret });
    const body = JSON.stringify(fixtureOf('grafana', 'firing').body);
    const hmac = (text: string) => createHmac('sha256', secret).update(text).digest('hex');
    const send = (headers: Record<string, string>) =>
      fixture.call(`/api/in/grafana/${key}`, {
        ...{ method: 'PUT', body, headers: { 'Content-Type': 'application/json', ...headers } },
      });
    const now = Math.floor(Date.now() / 1000);
    const at = (time: number) => ({
      'X-Grafana-Alerting-Timestamp': String(time),
      'X-Grafana-Alerting-Signature': hmac(`${time}:${body}`),
    });
    expect((await send({ 'X-Grafana-Alerting-Signature': hmac(body) })).status).toBe(202);
    expect((await send(at(now))).status).toBe(202);
    expect((await send(at(now - 3_600))).status).toBe(401);
    expect((await send({})).status).toBe(401);
  });
});

describe('ntfy', () => {
  it('answers as ntfy, without the key', async () => {
    const key = await makeKey('ntfy');
    const res = await post('ntfy', key);
    const text = await res.text();
    expect(JSON.parse(text)).toMatchObject({
      ...{ event: 'message', message: 'Backup successful 😀', title: 'Dürer backup' },
      id: expect.any(String),
      time: expect.any(Number),
    });
    expect(text).not.toContain(key);
    expect(shown(-1)).toMatchObject({ url: 'https://example.org/backup', tags: ['warning', 'skull'] });
    expect(fixture.jobs.at(-1)).toMatchObject({ priority: 'high' });
  });

  it('takes JSON publish, whose topic is the key, and a topic of any name with a credential', async () => {
    const key = await makeKey('ntfy');
    const res = await fixture.call('/api/in/ntfy', { json: { topic: key, message: 'x', delay: '30m' } });
    expect(res.status).toBe(200);
    expect(await res.text()).not.toContain(key);
    const headers = { Authorization: `Bearer ${key}` };
    const named = await fixture.call('/api/in/ntfy/backups', { method: 'PUT', body: 'y', headers });
    expect(named.status).toBe(200);
    const auth = Buffer.from(`Bearer ${key}`).toString('base64url');
    const byQuery = await fixture.call(`/api/in/ntfy?auth=${auth}`, {
      json: { topic: 'backups', message: 'z' },
    });
    expect(byQuery.status).toBe(200);
  });

  it('says what ntfy would: left out rather than refused, and a refusal in its own form', async () => {
    const key = await makeKey('ntfy');
    const headers = { Priority: 'very', At: 'tomorrow, 3pm' };
    expect((await fixture.call(`/api/in/ntfy/${key}`, { method: 'POST', body: 'x', headers })).status).toBe(
      200,
    );
    const res = await fixture.call('/api/in/ntfy/unknown', { method: 'POST', body: 'x' });
    expect([res.status, await bodyOf(res)]).toEqual([
      401,
      { code: 40101, http: 401, error: expect.any(String), link: expect.any(String) },
    ]);
  });
});

describe('gotify', () => {
  it('answers as gotify, by each place of its token, as JSON, as a form and in the address', async () => {
    const key = await makeKey('gotify');
    const path = '/api/in/gotify/message';
    const calls = [
      fixture.call(`${path}?token=${key}`, { json: { message: 'a', title: 'T', priority: 8 } }),
      fixture.call(path, { json: { message: 'b' }, headers: { 'X-Gotify-Key': key } }),
      fixture.call(path, { ...{ method: 'POST', token: key }, body: new URLSearchParams({ message: 'c' }) }),
      fixture.call(`${path}?token=${key}&message=d&priority=1`, { method: 'POST' }),
    ];
    for (const res of await Promise.all(calls)) {
      expect(res.status).toBe(200);
      const { id, date, ...rest } = await bodyOf(res);
      expect(Number.isSafeInteger(id)).toBe(true);
      expect(Date.parse(String(date))).toBeGreaterThan(0);
      expect(rest).toMatchObject({ appid: 0, message: expect.stringMatching(/^[abcd]$/) });
    }
    const form = new FormData();
    form.set('message', 'multipart');
    expect((await fixture.call(`${path}?token=${key}`, { method: 'POST', body: form })).status).toBe(200);
    expect(shown(-1)).toMatchObject({ message: 'multipart' });
  });

  it('refuses as gotify', async () => {
    const res = await fixture.call(`/api/in/gotify/message?token=${await makeKey('gotify')}`, { json: {} });
    expect([res.status, await bodyOf(res)]).toEqual([
      400,
      { error: 'Invalid request', errorCode: 400, errorDescription: expect.stringContaining('message') },
    ]);
  });
});

describe('uptime-kuma and healthchecks', () => {
  it('come by GET, too, and as a form in parts', async () => {
    const kuma = await makeKey('uptime-kuma');
    const { query } = fixtureOf('uptime-kuma', 'down-by-get');
    const byGet = await fixture.call(`/api/in/uptime-kuma/${kuma}?${new URLSearchParams(query)}`);
    expect([byGet.status, shown(-1).title]).toEqual([202, 'Shop is down']);
    const form = new FormData();
    form.set('data', fixtureOf('uptime-kuma', 'down-as-a-form').body.data);
    const byForm = await fixture.call(`/api/in/uptime-kuma/${kuma}`, { method: 'POST', body: form });
    expect([byForm.status, shown(-1).title]).toEqual([202, 'Postgres is down']);
    const check = await makeKey('healthchecks');
    const down = await fixture.call(`/api/in/healthchecks/${check}?name=backup&status=down`);
    expect([down.status, shown(-1).title]).toEqual([202, 'backup is down']);
    expect((await post('uptime-kuma', kuma, 'test')).status).toBe(202);
  });

  it('do nothing for who only looks at their address', async () => {
    const check = await makeKey('healthchecks');
    const head = await fixture.call(`/api/in/healthchecks/${check}?name=backup&status=down`, {
      method: 'HEAD',
    });
    expect([head.status, head.headers.get('allow')]).toEqual([405, 'POST, PUT, GET, OPTIONS']);
    expect(fixture.jobs).toEqual([]);
  });
});

describe('json', () => {
  it('goes by the template of its key, and shows what came where that fails', async () => {
    const template = '{"title": {{ name | json }}, "message": {{ text | json }}, "priority": "high"}';
    const key = await makeKey('json', { template });
    await fixture.call(`/api/in/json/${key}`, { json: { name: 'db1 "a"', text: 'disk <full>' } });
    expect(shown(-1)).toMatchObject({ title: 'db1 "a"', message: 'disk <full>' });
    const loop = await makeKey('json', { template: '{% for i in (1..99999999) %}x{% endfor %}' });
    await fixture.call(`/api/in/json/${loop}`, { json: { text: 'disk full' } });
    expect(shown(-1).message).toContain('disk full');
  });

  it('refuses a template that is none, or reads files, when the key is made', async () => {
    for (const template of [
      '{% if %}',
      '{{ x | nonsense }}',
      "{% include 'a' %}",
      '{% render "a" %}',
      'x'.repeat(8_001),
    ]) {
      const res = await fixture.call('/api/keys', {
        token,
        json: { adapter: 'json', options: { template } },
      });
      expect([template.slice(0, 20), res.status]).toEqual([template.slice(0, 20), 400]);
    }
  });
});
