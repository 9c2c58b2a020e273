import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clientOf } from '../../../src/http/client-address.ts';
import { type ApiFixture, startApi } from '../../support/api-fixture.ts';
import { freePort } from '../../support/free-port.ts';

const GUIDE = readFileSync(resolve(import.meta.dirname, '../../../docs/production.md'), 'utf8');
/** As printed: a whole server, and the part of one that serves this below a path. */
const [SERVER = '', BELOW_A_PATH = ''] = [...GUIDE.matchAll(/^```nginx\n(.*?)^```$/gms)].map(
  ([, block = '']) => block,
);
/** Where the system keeps what a user does not start. */
const NGINX = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'nginx'))
  .find((file) => existsSync(file));
const HOST = 'alerts.example.com';

let dir = '';
const closing: (() => unknown)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pingui-nginx-'));
  closing.push(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The text with each replaced. @throws Error where one is not in it: the guide has changed */
function adapt(block: string, changes: Readonly<Record<string, string>>): string {
  for (const [printed, here] of Object.entries(changes)) {
    if (!block.includes(printed)) throw new Error(`docs/production.md does not print: ${printed}`);
    block = block.replaceAll(printed, here);
  }
  return block;
}

interface Answer extends Pick<IncomingMessage, 'statusCode' | 'headers'> {
  readonly body: string;
}
type Ask = (path: string, headers?: Record<string, string>, body?: string) => Promise<Answer>;

/** nginx on loopback with these servers, behind a certificate of its own. */
async function startNginx(nginx: string, port: number, servers: string): Promise<Ask> {
  // Where its workers are another user, they write here.
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(dir, name));
  const isRoot = process.getuid?.() === 0;
  const temp = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name === 'body' ? 'client_body' : name}_temp_path ${join(dir, name)};`,
  );
  const file = join(dir, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${join(dir, 'pid')}; error_log ${join(dir, 'log')};
${isRoot ? 'user root;' : ''}
events {}
http { access_log off; ${temp.join(' ')}
${servers}
}`,
  );
  const child = spawn(nginx, ['-c', file, '-p', dir, '-e', join(dir, 'log')], { stdio: 'ignore' });
  const gone = once(child, 'exit');
  closing.push(async () => {
    child.kill('SIGTERM');
    await gone;
  });
  const ask: Ask = (path, headers = {}, body) =>
    new Promise((settle, reject) => {
      const call = request(
        {
          ...{ host: '127.0.0.1', port, path, agent: false, rejectUnauthorized: false, servername: HOST },
          method: body === undefined ? 'GET' : 'POST',
          headers: { Host: `${HOST}:${port}`, ...headers },
        },
        async (answer) => {
          const { statusCode, headers: given } = answer;
          settle({ statusCode, headers: given, body: await text(answer) });
        },
      );
      call.on('error', reject).end(body);
    });
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) throw new Error(readFileSync(join(dir, 'log'), 'utf8'));
        return (await ask('/health/live').catch(() => undefined))?.statusCode;
      },
      { timeout: 10_000 },
    )
    .toBe(200);
  return ask;
}

/** Names of the certificate and its key, as a configuration has them. */
function makeCertificate(): { crt: string; key: string } {
  const [key, crt] = [join(dir, 'key.pem'), join(dir, 'crt.pem')];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  execFileSync('openssl', ['req', '-x509', ...newKey, '-out', crt, '-days', '2', '-subj', `/CN=${HOST}`], {
    stdio: 'pipe',
  });
  return { crt, key };
}

async function start(overrides: Parameters<typeof startApi>[0]): Promise<ApiFixture> {
  const api = await startApi(overrides);
  closing.push(() => api.stop());
  return api;
}

it('nginx as docs/production.md has it tells who asks, where, and how, and believes no client', async ({
  skip,
}) => {
  if (NGINX === undefined) return skip('nginx is not installed: its configuration is not tested');
  const clients: string[] = [];
  const reportRefusal = (_kind: unknown, req: Parameters<typeof clientOf>[0]) =>
    void clients.push(clientOf(req));
  const api = await start({ trustProxy: 1, reportRefusal });
  const port = await freePort();
  const { crt, key } = makeCertificate();
  const ask = await startNginx(
    NGINX,
    port,
    adapt(SERVER, {
      'listen 443 ssl;': `listen 127.0.0.1:${port} ssl;`,
      '/etc/letsencrypt/live/alerts.example.com/fullchain.pem': crt,
      '/etc/letsencrypt/live/alerts.example.com/privkey.pem': key,
      'http://127.0.0.1:3000': api.url,
    }),
  );
  const forged = {
    'X-Forwarded-For': '203.0.113.9',
    'X-Forwarded-Host': 'evil.example',
    'X-Forwarded-Proto': 'http',
    'X-Forwarded-Prefix': '/evil',
  };
  const page = await ask('/', { Accept: 'text/html', ...forged });
  expect(page.body).toContain(`'https://${HOST}:${port}/api/alert'`);
  expect(page.body).not.toContain('evil');

  const { token } = api.grant();
  const json = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  // As long as an alert can be: each character escaped.
  const message = '\\u00e9'.repeat(16_000);
  const sent = await ask('/api/alert', { ...json, ...forged }, `{"message":"${message}"}`);
  expect([sent.statusCode, sent.headers.location]).toEqual([202, `/api/alerts/${api.jobs[0]?.alertId}`]);

  expect((await ask('/api/alert', { ...json, ...forged, Authorization: 'Bearer x' }, '{}')).statusCode).toBe(
    401,
  );
  expect(clients).toEqual(['127.0.0.1']);
});

it('nginx as docs/production.md has it serves this below a path', async ({ skip }) => {
  if (NGINX === undefined) return skip('nginx is not installed: its configuration is not tested');
  const api = await start({ trustProxy: 1, publicUrl: `https://${HOST}/pingui` });
  const port = await freePort();
  const { crt, key } = makeCertificate();
  const location = adapt(BELOW_A_PATH, { 'http://127.0.0.1:3000/': `${api.url}/` });
  const ask = await startNginx(
    NGINX,
    port,
    `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${crt}; ssl_certificate_key ${key};
location = /health/live { return 200; }
${location} }`,
  );
  expect((await ask('/')).statusCode).toBe(404);
  const page = await ask('/pingui/', { Accept: 'text/html', 'X-Forwarded-Prefix': '/evil' });
  expect(page.body).toContain(`'https://${HOST}/pingui/api/alert'`);
  expect(page.body).toContain('href="/pingui/health/ready"');
  expect((await ask('/pingui/health/ready')).statusCode).toBe(200);
  const json = { Authorization: `Bearer ${api.grant().token}`, 'Content-Type': 'application/json' };
  const sent = await ask('/pingui/api/alert', json, '{"message":"x"}');
  expect([sent.statusCode, sent.headers.location]).toEqual([
    202,
    `/pingui/api/alerts/${api.jobs[0]?.alertId}`,
  ]);
});
