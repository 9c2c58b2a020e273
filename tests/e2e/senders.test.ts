import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sqlite3 from 'sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findProgram } from '../../src/redis/private/find-redis-server.ts';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type Alertmanager, hasAlertmanager, startAlertmanager } from '../support/alertmanager.ts';
import { freePort } from '../support/free-port.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { BOT_TOKEN, type Service, startService } from '../support/service.ts';

const run = promisify(execFile);
const DOCS = readFileSync(new URL('../../docs/senders.md', import.meta.url), 'utf8');
const CHAT = 6_014;
const hasApprise = findProgram('apprise', process.env) !== undefined;
const missing = [...(hasAlertmanager ? [] : ['prometheus-alertmanager']), ...(hasApprise ? [] : ['apprise'])];
if (missing.length > 0)
  process.stderr.write(`\nWARNING: NO ${missing.join(', NO ')} ON THIS MACHINE: NOTHING IS SENT BY IT.\n\n`);

describe('real clients', () => {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  let service: Service;
  let sender: Provisioned;

  beforeAll(async () => {
    await double.start();
    service = await startService({
      double,
      env: {
        ...{ SEND_DELAY_MS: '20', CHAT_DELAY_MS: '0', MAX_ALERTS: '100', MAX_QUEUE_SIZE: '2' },
        PORT: String(await freePort()),
      },
    });
    sender = await provisionIntegration(double, service, CHAT);
  });
  afterAll(async () => {
    await service?.close();
    await double.stop();
  });

  async function makeKey(adapter: string): Promise<string> {
    const json = { adapter };
    const made = await service.api.call('/api/keys', { method: 'POST', token: sender.token, json });
    return made.body.key;
  }
  const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 30_000, interval: 50 });
  /** What the chat shows of what is about `word`, oldest first. */
  const texts = (word: string) =>
    double.messages(CHAT).flatMap(({ text = '' }) => (text.includes(word) ? [text] : []));

  if (hasAlertmanager)
    describe('Alertmanager', () => {
      let alertmanager: Alertmanager;
      const alert = (name: string, instance: string, more: object = {}) => ({
        labels: { alertname: name, instance, severity: 'critical' },
        annotations: { summary: `${instance} is full` },
        ...more,
      });

      beforeAll(async () => {
        const yaml = /^```yaml\n(receivers:.*?)^```/ms.exec(DOCS)?.[1] ?? '';
        const receivers = yaml
          .replace('http://127.0.0.1:3000', service.url)
          .replace('paste the key here', await makeKey('alertmanager'));
        const pace = 'group_wait: 100ms, group_interval: 300ms, repeat_interval: 500ms';
        alertmanager = await startAlertmanager(receivers, pace);
      });
      afterAll(() => alertmanager?.stop());

      it('fires, grows and resolves on one living message; a repeat counts once a key is forgotten', async () => {
        await alertmanager.post([alert('DiskFull', 'db1')]);
        await soon(() =>
          expect(texts('DiskFull')).toEqual([
            expect.stringMatching(/^DiskFull · db1\n🔴 critical\ndb1 is full\n/),
          ]),
        );
        await alertmanager.post([alert('DiskFull', 'db1'), alert('DiskFull', 'db2')]);
        await soon(() =>
          expect(texts('DiskFull')).toEqual([
            expect.stringMatching(/^DiskFull\n🔴 critical · 2 firing\n• db1: .*\n• db2: [\s\S]*×2 · /),
          ]),
        );
        // What it repeats within five minutes is the same delivery.
        const sent = await alertmanager.count('alertmanager_notifications_total');
        await soon(async () =>
          expect(await alertmanager.count('alertmanager_notifications_total')).toBeGreaterThan(sent + 1),
        );
        expect(texts('DiskFull')).toEqual([expect.stringContaining('×2 · ')]);
        await age(join(service.dataDir, 'pingui.db'), 301_000);
        await soon(() => expect(texts('DiskFull')).toEqual([expect.stringMatching(/×[34] · /)]));
        const ends = { endsAt: new Date(Date.now() - 1).toISOString() };
        await alertmanager.post([alert('DiskFull', 'db1', ends), alert('DiskFull', 'db2', ends)]);
        await soon(() =>
          expect(texts('DiskFull')).toEqual([
            expect.stringContaining('✅ Resolved after'),
            expect.stringMatching(/^✅ DiskFull: resolved after/),
          ]),
        );
      });

      it('loses nothing and sends nothing twice while the queue is full, and while the service restarts', async () => {
        const queue = '/admin/queues/api/queues/alerts';
        expect((await service.api.operate(`${queue}/pause`, { method: 'PUT' })).status).toBe(200);
        for (const message of ['one', 'two'])
          expect((await service.api.postAlert(sender.token, { message })).status).toBe(202);
        await alertmanager.post([alert('Late', 'web1')]);
        await soon(async () =>
          expect(await alertmanager.count('alertmanager_notification_requests_failed_total')).toBeGreaterThan(
            0,
          ),
        );
        expect((await service.api.operate(`${queue}/resume`, { method: 'PUT' })).status).toBe(200);
        await soon(() => expect(texts('Late')).toEqual([expect.stringContaining('web1 is full')]));
        await service.stop();
        const failed = await alertmanager.count('alertmanager_notification_requests_failed_total');
        await alertmanager.post([alert('Late', 'web1'), alert('Late', 'web2')]);
        await soon(async () =>
          expect(await alertmanager.count('alertmanager_notification_requests_failed_total')).toBeGreaterThan(
            failed,
          ),
        );
        await service.restart();
        await soon(() =>
          expect(texts('Late')).toEqual([expect.stringMatching(/2 firing\n• web1: .*\n• web2: /)]),
        );
        const ends = { endsAt: new Date(Date.now() - 1).toISOString() };
        await alertmanager.post([alert('Late', 'web1', ends), alert('Late', 'web2', ends)]);
        await soon(() =>
          expect(texts('Late')).toEqual([
            expect.stringContaining('✅ Resolved after'),
            expect.stringMatching(/^✅ Late: resolved after/),
          ]),
        );
      }, 60_000);
    });

  if (hasApprise)
    it('Apprise, as docs/senders.md has it, and by json:// and form:// with the token as password', async () => {
      const [, documented = ''] = /^```sh apprise\n(.*?)\n```/ms.exec(DOCS) ?? [];
      const host = new URL(service.url).host;
      const KEY = await makeKey('apprise');
      const env = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', KEY };
      // One after the other: the queue of this service holds two.
      await run('sh', ['-c', documented.replace('127.0.0.1:3000', host)], { env });
      await run('apprise', ['-t', 'JSON', '-b', 'a < b & *c*', `json://x:${KEY}@${host}/api/in/apprise`], {
        env,
      });
      const form = `form://${host}/api/in/apprise/${KEY}`;
      await run('apprise', ['-t', 'Form', '-b', 'über', '-n', 'success', form], { env });
      await soon(() => {
        expect(texts('Backup of web1')).toEqual(['🔴 Backup of web1\nExit code 23']);
        expect(texts('JSON')).toEqual(['JSON\na < b & *c*']);
        expect(texts('über')).toEqual(['✅ Form\nüber']);
      });
    });

  it('curl, as docs/senders.md has it', async () => {
    const env = {
      PATH: process.env.PATH ?? '',
      LANG: 'C.UTF-8',
      URL: service.url,
      KEY: await makeKey('ntfy'),
    };
    const block = /^## ntfy\n.*?^```sh\n(.*?)^```/ms.exec(DOCS)?.[1] ?? '';
    const { stdout } = await run('sh', ['-c', block.replace('curl ', 'curl -sS ')], { env });
    expect(JSON.parse(stdout)).toMatchObject({ event: 'message', title: 'Backup' });
    await soon(() => expect(texts('#warning')).toEqual(['Backup\nExit code 23\n#warning']));
  });

  it('reads the document, and the page that shows it', async () => {
    const answer = await service.api.call('/openapi.json');
    expect(answer.body).toMatchObject({ openapi: '3.1.0', servers: [{ url: '/' }] });
    expect((await service.api.call('/docs/swagger-ui-bundle.js')).status).toBe(200);
    expect((await service.api.call('/docs')).text).toContain('data-document="/openapi.json"');
  });

  it('leave no key in the log', () => {
    expect(JSON.stringify(service.logs)).not.toMatch(/\/api\/in\/\w+\/[\w-]{43}/);
  });
});

/** As if all alerts had come so much earlier, in ms. */
function age(file: string, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const db = new sqlite3.Database(file);
    db.configure('busyTimeout', 5_000);
    db.run('UPDATE "Alerts" SET "createdAt" = "createdAt" - ?', [ms], (error) => {
      db.close(() => (error === null ? resolve() : reject(error)));
    });
  });
}
