import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { ENDED } from '../support/api-client.ts';
import { callCommand } from '../support/call-command.ts';
import { endPrivateRedis, runMain } from '../support/main-process.ts';
import { botMessages, type Provisioned, provisionIntegration } from '../support/provision.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { BOT_TOKEN, type Service, startService } from '../support/service.ts';

const CHATS = [7_101, 7_102, 7_103];

/** An alert that was accepted: whose it is, and its text. */
interface Sent {
  readonly id: string;
  readonly token: string;
  readonly chatId: number;
  readonly text: string;
}

describe.each([
  { title: 'with the private Redis, which is lost with the data folder', isRedisLost: true },
  { title: 'with a Redis that goes on', isRedisLost: false },
])('a restore $title', ({ isRedisLost }) => {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  let redis: TestRedis | undefined;
  let service: Service;
  let integrations: Provisioned[];
  const sent: Sent[] = [];
  let accepted = 0;
  let backup = '';

  const backups = () => readdirSync(service.backupDir).map((name) => join(service.backupDir, name));
  async function post(integration: Provisioned): Promise<void> {
    accepted += 1;
    const text = `alert number ${accepted} of the restore`;
    const { status, body } = await service.api.postAlert(integration.token, { message: text });
    expect(status).toBe(202);
    sent.push({ id: body.id, token: integration.token, chatId: integration.chatId, text });
  }
  const received = ({ chatId, text }: Sent) =>
    botMessages(double, chatId).filter((message) => message.text?.startsWith(text)).length;

  beforeAll(async () => {
    await double.start();
    redis = isRedisLost ? undefined : await startTestRedis();
    const env = { SEND_DELAY_MS: '20', CHAT_DELAY_MS: '0', MAX_ALERTS: '1000' };
    service = await startService({
      double,
      env: { ...env, ...(redis === undefined ? {} : { REDIS_URL: redis.url }) },
    });
    integrations = [];
    for (const chat of CHATS) integrations.push(await provisionIntegration(double, service, chat));

    // A backup under write load, by the command beside the service.
    let isDone = false;
    const load = integrations.map(async (integration) => {
      while (!isDone || sent.length < 30) await post(integration);
    });
    const made = await runMain(['backup', '--json'], service.env);
    isDone = true;
    await Promise.all(load);
    expect([made.code, made.stderr]).toEqual([0, '']);
    backup = JSON.parse(made.stdout).file;

    // The service goes on for a moment, then everything below DATA_DIR is gone.
    for (const integration of integrations) await post(integration);
    await service.kill9();
    endPrivateRedis(service.dataDir);
    rmSync(service.dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  afterAll(async () => {
    await service?.close();
    await redis?.stop();
    await double.stop();
  });

  it('puts everything back that the backup has', async () => {
    const { code, stdout, stderr } = await runMain(['restore', backup, '--yes', '--json'], service.env);
    expect([code, stderr]).toEqual([0, '']);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ restored: true, kept: null, rows: { Integrations: CHATS.length } });
    // There was nothing to compare with: each token may live again.
    expect(report.tokensThatLiveAgain).toHaveLength(CHATS.length);
    expect(stdout).not.toMatch(new RegExp(CHATS.join('|')));
    if (isRedisLost) expect(report.alerts).toMatchObject({ waiting: 0, known: 0 });
    else expect(report.alerts.known + report.alerts.waiting).toBeGreaterThan(0);
    await service.restart();
  });

  it('after which every integration and its token work', async () => {
    for (const { token, chatId } of integrations) {
      const { status, body } = await service.api.getIntegration(token, chatId);
      expect([status, body.integrations?.status]).toEqual([200, 'active']);
      const answer = await service.api.postAlert(token, { message: 'after the restore' });
      expect(answer.status).toBe(202);
      await service.api.waitForStatus(token, answer.body.id, ['delivered']);
    }
  });

  it('and every alert that the backup knows ends true, and nothing is sent twice', async () => {
    let known = 0;
    let lost = 0;
    for (const alert of sent) {
      const found = await service.api.call(`/api/alerts/${alert.id}`, { token: alert.token });
      // Accepted after the backup: its entry went with the data folder.
      if (found.status === 404) continue;
      known += 1;
      const entry = await service.api.waitForStatus(alert.token, alert.id, ENDED);
      if (entry.status === 'delivered') expect(received(alert)).toBe(1);
      else {
        // Uncertain: it was being sent, when the backup was made or at the kill.
        const isCutOff = entry.status === 'uncertain' && entry.reason === 'worker_died';
        if (!isCutOff || !isRedisLost) lost += 1;
        if (!isCutOff) expect([isRedisLost, entry.status, entry.reason]).toEqual([true, 'failed', 'lost']);
      }
    }
    expect(known).toBeGreaterThan(0);
    // Redis knows what became of each: nobody but what was being sent at the kill stays unknown.
    if (!isRedisLost) expect(lost).toBeLessThanOrEqual(1);
    for (const alert of sent) expect(received(alert)).toBeLessThanOrEqual(1);
  });

  // Once is enough for what has nothing to do with Redis.
  if (!isRedisLost) return;

  it('is refused while the service runs, and changes nothing', async () => {
    const { code, stdout } = await runMain(['restore', backup, '--yes'], service.env);
    expect(code).toBe(1);
    expect(stdout).toContain('The service runs on this database');
  });

  it('keeps what it replaces, and says which tokens live again and which end', async () => {
    const [first, second] = integrations as [Provisioned, Provisioned, Provisioned];
    await callCommand(['integrations', 'revoke', String(first.integration.id)], { env: service.env });
    const rotated = await service.api.call('/api/rotateToken', { method: 'POST', token: second.token });
    expect(rotated.status).toBe(200);
    const list = await callCommand(['chats', 'list', '--json'], { env: service.env });
    const [{ hash }] = JSON.parse(list.stdout) as [{ hash: string }];
    expect((await callCommand(['chats', 'block', hash], { env: service.env })).code).toBe(0);
    await service.stop();
    const before = backups().length;
    const { code, stdout, stderr } = await callCommand(['restore', backup, '--yes'], { env: service.env });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/live again[\s\S]*was revoked[\s\S]*was rotated/);
    expect(stdout).toMatch(/These tokens end:/);
    expect(stdout).toContain(`No longer blocked: ${hash}`);
    const kept = backups().filter((file) => file.includes('pingui-replaced-'));
    expect([backups().length, kept.length]).toEqual([before + 1, 1]);
    // It can be restored itself: that undoes the restore.
    const undone = await callCommand(['restore', kept[0] ?? '', '--yes', '--json'], { env: service.env });
    expect(JSON.parse(undone.stdout)).toMatchObject({ restored: true });
    await service.restart();
    expect((await service.api.getIntegration(first.token, first.chatId)).status).toBe(401);
    expect((await service.api.getIntegration(rotated.body.token, second.chatId)).status).toBe(200);
    await service.stop();
  });

  it('refuses what is damaged, foreign, of another key, or not there, and changes nothing', async () => {
    const bad = join(service.dir, 'bad.db');
    const refusal = async (file: string, env: Record<string, string> = {}) => {
      const answer = await callCommand(['restore', file, '--yes', '--json'], {
        env: { ...service.env, ...env },
      });
      expect(answer.code).toBe(1);
      return JSON.parse(answer.stdout);
    };
    mkdirSync(service.dir, { recursive: true });
    writeFileSync(bad, 'no database at all, but some text');
    expect(await refusal(bad)).toMatchObject({ restored: false, fault: 'foreign' });
    expect(await refusal(join(service.dir, 'nothing.db'))).toMatchObject({ fault: 'missing' });
    expect(
      await refusal(backup, { JWT_SECRET: 'another signing key, as long as it has to be' }),
    ).toMatchObject({
      fault: 'refused',
      message: expect.stringContaining('another JWT_SECRET'),
    });
    const noAnswer = await callCommand(['restore', backup], { env: service.env });
    expect(noAnswer.code).toBe(2);
    const said = await callCommand(['restore', backup], { env: service.env, ask: async () => 'n' });
    expect([said.code, said.stdout]).toEqual([1, 'Nothing was changed.']);
  });
});
