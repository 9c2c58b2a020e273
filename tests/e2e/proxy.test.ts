import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { provisionIntegration } from '../support/provision.ts';
import { startConnectProxy, startSocksProxy, type TestProxy } from '../support/proxies.ts';
import { BOT_TOKEN, type Service, startService } from '../support/service.ts';

/** Only the proxy knows it. */
const HOST = 'telegram.invalid';
const CHAT = 7_201;
const PASSWORD = 'password-of-the-proxy';

const double = createBotApiDouble({ token: BOT_TOKEN });
let dir: string;
let front: https.Server;
let proxy: TestProxy;
let service: Service | undefined;

/** A proxy that speaks TLS itself, with the same certificate: `https://` in its address. */
const startTlsProxy: typeof startConnectProxy = (options) =>
  startConnectProxy({
    ...options,
    tls: { key: readFileSync(join(dir, 'key')), cert: readFileSync(join(dir, 'crt')) },
  });

/** TLS in front of the double, for a name that no resolver knows. */
beforeEach(async () => {
  await double.start();
  dir = mkdtempSync(join(tmpdir(), 'pingui-proxy-'));
  const [key, crt] = [join(dir, 'key'), join(dir, 'crt')];
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST},IP:127.0.0.1`];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  execFileSync('openssl', ['req', '-x509', ...newKey, '-out', crt, '-days', '2', ...subject], {
    stdio: 'pipe',
  });
  front = https.createServer({ key: readFileSync(key), cert: readFileSync(crt) }, (request, response) => {
    const { method, url = '', headers } = request;
    const onward = http.request(double.apiRoot + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await service?.close();
  service = undefined;
  await proxy.close();
  front.closeAllConnections();
  await new Promise((resolve) => front.close(resolve));
  await double.stop();
  rmSync(dir, { recursive: true, force: true });
});

it.each([
  ['HTTPS_PROXY', 'http', startConnectProxy],
  ['https_proxy', 'https', startTlsProxy],
  ['all_proxy', 'socks5h', startSocksProxy],
] as const)(
  'alerts and bot go through %s (%s), and the log says so without the password',
  async (name, scheme, start) => {
    proxy = await start({ credentials: `user:${PASSWORD}` });
    // The server listens on TCP.
    const { port } = front.address() as AddressInfo;
    service = await startService({
      double: { apiRoot: `https://${HOST}:${port}` },
      env: {
        [name]: `${scheme}://user:${PASSWORD}@127.0.0.1:${proxy.port}`,
        NO_PROXY: 'example.com',
        NODE_EXTRA_CA_CERTS: join(dir, 'crt'),
      },
    });
    // The bot answers here.
    const { token } = await provisionIntegration(double, service, CHAT);
    const { id } = (await service.api.postAlert(token, { message: 'through the proxy' })).body;
    await service.api.waitForStatus(token, id, ['delivered']);
    expect(double.messages(CHAT).some(({ text }) => text === 'through the proxy')).toBe(true);
    expect(new Set(proxy.asked)).toEqual(new Set([`${HOST}:${port}`]));
    const line = service.logs.find(({ message }) => message === 'Calls to Telegram go through a proxy');
    expect(line).toMatchObject({ level: 'info', proxy: `${scheme}://127.0.0.1:${proxy.port}` });
    expect(JSON.stringify(service.logs) + service.stderr).not.toContain(PASSWORD);
  },
  90_000,
);
