import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/domain/errors.ts';
import { type ApiFixture, bodyOf, startApi } from '../../../support/api-fixture.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const PREFIX = '{board}';
const SEALED = Buffer.from('ciphertext of the alert').toString('base64');
const BASIC = { Authorization: `Basic ${Buffer.from('admin:pass:wörd').toString('base64')}` };
const FAILED = '3d0d9f2e-0000-4000-8000-000000000001';

let server: TestRedis;
let redis: Redis;
let alerts: Queue;
let updates: Queue;
let maintenance: Queue;
let fixture: ApiFixture;
const resent: string[] = [];
let lifted = 0;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis({ ...server.connection, maxRetriesPerRequest: null });
  const options = { connection: redis as never, prefix: PREFIX };
  alerts = new Queue('alerts', options);
  updates = new Queue('updates', options);
  maintenance = new Queue('maintenance', options);
  await fail(FAILED);
  await alerts.add('alert', alertData, { jobId: 'waiting-1' });
  await maintenance.add('backup', {}, { jobId: 'later', delay: 3_600_000 });
  await maintenance.upsertJobScheduler(
    'upkeep',
    { every: 3_600_000 },
    { name: 'upkeep', data: { note: SEALED } },
  );

  fixture = await startApi({
    queues: { alerts, updates, maintenance },
    operator: { user: 'admin', password: 'pass:wörd', sessionKey: Buffer.alloc(32, 9) },
    sandbox: (_req, res) => void res.end(),
    liftFloodWait: async () => {
      lifted += 1;
    },
    // The board uses nothing else of the service.
    alerts: {
      resend: async (by: unknown, id: string) => {
        if (id !== FAILED) throw new AppError('not_resendable', 'The text is gone.');
        resent.push(`${by} ${id}`);
      },
    } as never,
  });
});
afterAll(async () => {
  await fixture.stop();
  await Promise.all([alerts, updates, maintenance].map((queue) => queue.close()));
  redis.disconnect();
  await server.stop();
});
beforeEach(() => {
  fixture.logged.length = 0;
});

const alertData = {
  integrationId: 5,
  chat: 'abcdef0123456789',
  isGroup: false,
  priority: 'normal',
  deliverAt: null,
  bytes: 23,
  // From a version that kept the text here.
  sealed: SEALED,
};

/** Leaves a failed job, as the worker does, but with everything in it that a careless worker could leave. */
async function fail(id: string): Promise<void> {
  const worker = new Worker(
    'alerts',
    async (job) => {
      await job.log('log line with a secret');
      await job.updateProgress({ text: 'progress with a secret' });
      throw new UnrecoverableError('failed with a secret');
    },
    { connection: redis as never, prefix: PREFIX },
  );
  const failed = once(worker, 'failed');
  await alerts.add('alert', alertData, { jobId: id, attempts: 1 });
  await failed;
  await worker.close();
}

const board = (path: string, init: RequestInit = {}) =>
  fixture.call(`/admin/queues${path}`, { ...init, headers: { ...BASIC, ...(init.headers as object) } });

describe('what the board shows', () => {
  it('is its page, with our style, and nothing from other hosts', async () => {
    const res = await board('/queue/alerts');
    const html = await res.text();
    expect(res.status).toBe(200);
    expect(html).toContain('pingui.css');
    expect(html).not.toContain('googleapis');
    expect(html).toContain('/health/ready');
    expect(res.headers.get('content-security-policy')).toContain("style-src 'self' 'unsafe-inline'");
    expect(res.headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
    expect(res.headers.get('x-powered-by')).toBeNull();
    expect((await board('/pingui.css')).headers.get('content-type')).toContain('text/css');
  });

  it('is asked for once where a file’s name has its hash, and each time otherwise', async () => {
    const html = await (await board('/')).text();
    const hashed = [...html.matchAll(/(?:src|href)="(static\/(?:js|css)\/[^"]+)"/g)].map(([, path]) => path);
    expect(hashed.length).toBeGreaterThan(2);
    const keeping = async (path: string | undefined) => {
      const { status, headers } = await board(`/${path}`);
      return [status, headers.get('cache-control')];
    };
    for (const path of hashed)
      expect(await keeping(path)).toEqual([200, 'private, max-age=31536000, immutable']);
    for (const path of ['', 'api/queues', 'pingui.css', 'static/locales/en-US/messages.json'])
      expect(await keeping(path)).toEqual([200, 'no-store']);
    expect(await keeping('static/js/main.0123456789.js')).toEqual([404, 'no-store']);
  });

  it('finds what belongs to it behind a proxy that serves it at a path of its own', async () => {
    const operator = { user: 'admin', password: 'pass:wörd', sessionKey: Buffer.alloc(32, 9) };
    const behind = await startApi({ queues: { alerts, updates, maintenance }, operator, trustProxy: 1 });
    const headers = { ...BASIC, 'X-Forwarded-Prefix': '/pingui' };
    const html = await (await behind.call('/admin/queues/', { headers })).text();
    await behind.stop();
    expect(html).toContain('<base href="/pingui/admin/queues/"');
    expect(html).not.toMatch(/(?:href|src)="\/(?!pingui\/)/);
    expect(await (await board('/', { headers: { 'X-Forwarded-Prefix': '/pingui' } })).text()).toContain(
      '<base href="/admin/queues/"',
    );
  });

  it('never holds ciphertext, error texts, logs or stacks, on any of its reading routes', async () => {
    const paths = [
      '/api/queues?activeQueue=alerts&status=failed&page=1&jobsPerPage=10',
      '/api/queues?activeQueue=alerts&status=latest&page=1&jobsPerPage=10',
      '/api/queues?activeQueue=maintenance&status=delayed&page=1&jobsPerPage=10',
      `/api/queues/alerts/${FAILED}`,
      `/api/queues/alerts/${FAILED}/logs`,
      `/api/queues/alerts/${FAILED}/flow`,
      '/api/queues/alerts/default-job-options',
      '/api/queues/alerts/metrics',
      '/api/queues/alerts/job-data-schema',
      '/api/queues/alerts/rate-limit',
      '/api/job-schedulers',
    ];
    for (const path of paths) {
      const res = await board(path);
      const text = await res.text();
      expect([path, res.status]).toEqual([path, 200]);
      expect(text).not.toContain(SEALED);
      expect([path, text]).not.toEqual([path, expect.stringContaining('secret')]);
    }
  });

  it('is of an alert who, where to and how much', async () => {
    const body = await bodyOf(await board(`/api/queues/alerts/${FAILED}`));
    expect(body).toMatchObject({
      status: 'failed',
      job: {
        data: {
          integrationId: 5,
          chat: 'abcdef0123456789',
          priority: 'normal',
          deliverAt: null,
          kind: 'private',
          bytes: 23,
        },
      },
    });
  });

  it('hides the details of Redis and of its clients', async () => {
    expect((await board('/api/redis/stats')).status).toBe(403);
    expect((await board('/api/queues/alerts/workers')).status).toBe(403);
  });

  it('wears our penguin and says where it is, from our own origin', async () => {
    const html = await (await board('/')).text();
    const icon = await board('/pingui.svg');
    expect([icon.headers.get('content-type'), await icon.text()]).toEqual([
      expect.stringContaining('image/svg+xml'),
      expect.stringContaining('<title>Pingui</title>'),
    ]);
    expect(html).toMatch(/<link rel="icon"[^>]* href="pingui.svg">/);
    const config = JSON.parse(/id="__UI_CONFIG__"[^>]*>(.*?)<\/script>/.exec(html)?.[1] ?? '');
    expect(config).toMatchObject({
      boardLogo: { path: 'pingui.svg' },
      environment: { label: 'SANDBOX' },
      showMetrics: true,
      showWorkers: false,
    });
  });

  it('warns in each language of Bull Board before an alert is sent again', async () => {
    const ui = dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json'));
    const languages = readdirSync(join(ui, 'dist/static/locales'));
    expect(languages).toContain('en-GB');
    for (const language of languages) {
      const path = `/static/locales/${language}/messages.json?v=1`;
      const words = (await bodyOf(await board(path))) as { JOB: { ACTIONS: { CONFIRM: { RETRY: string } } } };
      const [question, warning] = words.JOB.ACTIONS.CONFIRM.RETRY.split('\n\n');
      expect([language, question, warning]).toEqual([
        language,
        expect.stringMatching(/\S/),
        expect.stringContaining('may arrive twice'),
      ]);
    }
    expect((await board('/static/locales/xx-XX/messages.json')).status).toBe(404);
    expect((await board('/static/locales/..%2f..%2fmessages/messages.json')).status).toBe(404);
  });
});

describe('what the board changes', () => {
  it('sends a failed alert again through the alert service only', async () => {
    const res = await board(`/api/queues/alerts/${FAILED}/retry`, { method: 'PUT' });
    expect(res.status).toBe(204);
    expect(resent).toEqual([`operator ${FAILED}`]);
    expect(await (await alerts.getJob(FAILED))?.getState()).toBe('failed');
  });

  it('shows why the service refuses', async () => {
    await fail('3d0d9f2e-0000-4000-8000-000000000002');
    const res = await board('/api/queues/alerts/3d0d9f2e-0000-4000-8000-000000000002/retry', {
      method: 'PUT',
    });
    expect(res.status).toBe(409);
    expect(await bodyOf(res)).toMatchObject({ message: 'The text is gone.' });
  });

  it('pauses and resumes alerts, and promotes and retries maintenance', async () => {
    expect((await board('/api/queues/alerts/pause', { method: 'PUT' })).status).toBe(200);
    expect(await alerts.isPaused()).toBe(true);
    expect((await board('/api/queues/alerts/resume', { method: 'PUT' })).status).toBe(200);
    expect(await alerts.isPaused()).toBe(false);
    // What Telegram made the whole bot wait for ends with it.
    expect(lifted).toBe(1);
    expect((await board('/api/queues/maintenance/later/promote', { method: 'PUT' })).status).toBe(204);
    expect(await (await maintenance.getJob('later'))?.getState()).toBe('waiting');
  });

  it('refuses every other change in the route table of Bull Board, and the queues stay as they are', async () => {
    const load = createRequire(import.meta.url);
    const { appRoutes } = load('@bull-board/api/dist/routes.js') as {
      appRoutes: { api: { method: string; route: string }[] };
    };
    const allowed = ['retry', 'pause', 'resume'].map((end) => new RegExp(`:queueName(/:jobId)?/${end}$`));
    const changes = appRoutes.api.filter(
      ({ method, route }) => method !== 'get' && !allowed.some((form) => form.test(route)),
    );
    expect(changes.length).toBeGreaterThan(15);
    const counts = await alerts.getJobCounts();
    for (const { method, route } of changes) {
      const path = route
        .replace(':queueName', 'alerts')
        .replace(':jobId', 'waiting-1')
        .replace(':queueStatus', 'failed')
        .replace(':schedulerId', 'upkeep');
      const headers = { 'Content-Type': 'application/json' };
      const res = await board(path, { method: method.toUpperCase(), headers, body: '{}' });
      const body = await bodyOf(res);
      expect([route, res.status]).toEqual([route, 403]);
      expect(body.message).toMatch(/\.$/);
    }
    expect(await alerts.getJobCounts()).toEqual(counts);
    expect((await board('/api/queues/maintenance/pause', { method: 'PUT' })).status).toBe(403);
  });

  it('answers broken bodies without the words of the parser', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const res = await board('/api/queues/alerts/add', { method: 'POST', headers, body: '{"secret' });
    expect(res.status).toBe(400);
    expect(await res.text()).not.toContain('secret');
  });
});

describe('who may see it', () => {
  const get = (path: string, headers: Record<string, string> = {}) => fixture.call(path, { headers });

  it('sends browsers to the sign-in page and scripts away', async () => {
    const page = await get('/admin/queues/queue/alerts?status=failed', { Accept: 'text/html' });
    expect(page.status).toBe(303);
    const next = encodeURIComponent('/admin/queues/queue/alerts?status=failed');
    expect(page.headers.get('location')).toBe(`/admin/sign-in?next=${next}`);
    for (const path of ['/metrics', '/admin/queues/api/queues', '/admin/queues/static/js/main.js']) {
      const res = await get(path);
      expect([path, res.status]).toEqual([path, 401]);
      expect(res.headers.get('www-authenticate')).toMatch(/^Basic /);
    }
    const script = await get('/admin/queues/api/queues', { 'Sec-Fetch-Site': 'same-origin' });
    expect(script.headers.get('www-authenticate')).not.toContain('Basic');
  });

  it('takes Basic for the metrics', async () => {
    const res = await get('/metrics', BASIC);
    expect([res.status, await res.text()]).toEqual([200, 'up 1\n']);
  });

  const signIn = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fixture.call('/admin/sign-in', { method: 'POST', body: new URLSearchParams(fields), headers });

  it('opens a session by the form, for this site only', async () => {
    expect(await (await get('/admin/sign-in?next=%22%3E%3Cscript%3E')).text()).not.toContain('<script>');
    const res = await signIn({ user: 'admin', password: 'pass:wörd', next: '/admin/queues/queue/alerts' });
    expect(res.status).toBe(303);
    expect(res.headers.get('location')).toBe('/admin/queues/queue/alerts');
    const cookie = res.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^pingui_operator=[^;]+;/);
    expect(cookie.split('; ')).toEqual(
      expect.arrayContaining(['Path=/', 'HttpOnly', 'SameSite=Strict', 'Max-Age=43200']),
    );
    expect(cookie).not.toContain('Secure');
    const Cookie = cookie.split(';')[0] ?? '';
    expect((await get('/admin/queues/api/queues', { Cookie })).status).toBe(200);
    expect((await get('/metrics', { Cookie })).status).toBe(200);
    expect((await get('/metrics', { Cookie: `${Cookie.slice(0, -2)}xx` })).status).toBe(401);
    const out = await fixture.call('/admin/sign-out', { method: 'POST', headers: { Cookie } });
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
  });

  it.each(['//evil.example', 'https://evil.example', '/\\evil.example', '/admin/../..//evil', ''])(
    'sends nobody to %j after the sign-in',
    async (next) => {
      const res = await signIn({ user: 'admin', password: 'pass:wörd', next });
      expect(new URL(res.headers.get('location') ?? '', fixture.url).origin).toBe(fixture.url);
    },
  );

  it.each([
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
  ])('refuses changes from another site (%j)', async (headers) => {
    for (const path of ['/admin/queues/api/queues/alerts/pause', '/admin/sign-in', '/admin/sign-out']) {
      const res = await fixture.call(path, {
        method: 'PUT',
        headers: new Headers(Object.entries({ ...BASIC, ...headers })),
      });
      expect(res.status).toBe(403);
      expect(await bodyOf(res)).toMatchObject({ code: 'cross_site' });
    }
    expect(await alerts.isPaused()).toBe(false);
  });

  it('takes changes from its own pages', async () => {
    for (const headers of [
      { Origin: fixture.url },
      { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://proxy' },
    ]) {
      const res = await board('/api/queues/alerts/resume', { method: 'PUT', headers });
      expect(res.status).toBe(200);
    }
  });

  it('slows guessing, by form and by Basic, while sessions go on', async () => {
    fixture.events.length = 0;
    const session = await signIn({ user: 'admin', password: 'pass:wörd' });
    const Cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
    const statuses = [];
    for (let i = 0; i < 6; i++)
      statuses.push((await signIn({ user: 'admin', password: `guess ${i}` })).status);
    for (let i = 0; i < 6; i++)
      statuses.push((await get('/metrics', { Authorization: 'Basic YTpi' })).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    const form = await signIn({ user: 'admin', password: 'guess' });
    expect(form.status).toBe(429);
    expect(Number(form.headers.get('retry-after'))).toBeGreaterThan(0);
    // Who has the right password is let in, if late.
    expect((await signIn({ user: 'admin', password: 'pass:wörd' })).status).toBe(303);
    expect((await get('/metrics', BASIC)).status).toBe(200);
    const refused = fixture.events.filter(({ name }) => name === 'access.refused');
    expect(refused.map(({ event }) => (event as { kind: string }).kind)).toEqual([
      ...Array(10).fill('sign_in'),
      ...Array(3).fill('sign_in_limit'),
    ]);
    expect((await get('/metrics', { Cookie })).status).toBe(200);
  });
});
