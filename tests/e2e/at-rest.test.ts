import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pause } from '../../src/async/pause.ts';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { chatNeedle, filesOf, findLeaks, type Haystack, textNeedle } from '../support/leak-search.ts';
import { runMain } from '../support/main-process.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import { BOT_TOKEN, type Service, startService } from '../support/service.ts';
import { FIELDS, leaveAlertsInAllStates, STATES, type State, textKey, word } from './alerts-in-all-states.ts';

/** 15 digits each: they occur nowhere by chance. */
const CHATS = { main: 845_120_977_316_204, blocking: 736_911_208_455_317, revoking: 918_273_645_102_938 };
const MARKER = 'vexmarkerqzj';
/** A key's option. */
const HUSH = 'vexsecretqzj';

describe('what is written down', () => {
  const double = createBotApiDouble({ token: BOT_TOKEN });
  let ids: Record<State, string>;
  const integrations: Provisioned[] = [];
  let service: Service;
  let redis: Redis;
  /** The ciphertext of the alert that was delivered, read while it was under way. */
  let sealedOfDelivered = '';
  let key = '';

  const words = () => STATES.flatMap((state) => FIELDS.map((field) => word(field, state)));
  const secrets = () => [
    ...[...words(), word('message', 'refused'), word('message', 'malformed')].map(textNeedle),
    ...integrations.flatMap(({ token, setupToken }) => [token, setupToken]).map(textNeedle),
    // Cut tokens count as well: the signature alone is unique.
    ...integrations.map(({ token }) => textNeedle(token.split('.')[2] ?? '')),
    textNeedle(BOT_TOKEN),
    ...[key, HUSH].map(textNeedle),
  ];
  const chats = () => Object.values(CHATS).map(chatNeedle);
  const isDatabase = ({ name }: Haystack) => name.startsWith('pingui.db');
  const redisFiles = () => filesOf(join(service.dataDir, 'redis'));
  const all = (haystacks: readonly Haystack[]) => Buffer.concat(haystacks.map(({ bytes }) => bytes));

  beforeAll(async () => {
    await double.start();
    service = await startService({
      double,
      env: { SEND_DELAY_MS: '50', CHAT_DELAY_MS: '0', LOG_LEVEL: 'debug' },
    });
    redis = new Redis({ path: join(service.dataDir, 'redis', 'redis.sock') });
    for (const chatId of Object.values(CHATS))
      integrations.push(await provisionIntegration(double, service, chatId));
    key = await useKey(integrations[0]?.token ?? '');
    ({ ids, sealedOfDelivered } = await leaveAlertsInAllStates({ double, service, redis, integrations }));
    // So that the rewritten file holds texts as they are, and the search means something.
    await redis.config('SET', 'rdbcompression', 'no');
  });
  afterAll(async () => {
    redis?.disconnect();
    await service?.close();
    await double.stop();
  });

  /** Makes a key, and shows it wherever an address may hold it. */
  async function useKey(token: string): Promise<string> {
    const json = { adapter: 'github', options: { secret: HUSH } };
    const made = await service.api.call('/api/keys', { method: 'POST', token, json });
    expect(made.status).toBe(201);
    const shown: string = made.body.key;
    const places = [`/api/in/github/${shown}`, `/api/alert?auth=${shown}`, `/api/x/${shown}`, `/${shown}`];
    for (const path of places) {
      const answer = await service.api.call(path, { method: 'POST', json: { message: 'x' } });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain(shown);
    }
    return shown;
  }

  async function rewriteAof(): Promise<void> {
    await redis.bgrewriteaof();
    for (;;) {
      await pause(20);
      const info = await redis.info('persistence');
      if (/aof_rewrite_in_progress:0/.test(info) && /aof_rewrite_scheduled:0/.test(info)) return;
    }
  }

  /** The AOF is written at least each second (appendfsync everysec), and the kernel has it before. */
  async function expectRedisClean(): Promise<void> {
    const files = redisFiles();
    expect(files.map(({ name }) => name).join()).toContain('.aof');
    // The search looks at the right place: what may be there is found.
    expect(all(files).includes(ids.scheduled)).toBe(true);
    expect(findLeaks([...secrets(), ...chats()], files)).toEqual([]);
  }

  it('was one alert of each state', async () => {
    const [main, blocking, revoking] = integrations as [Provisioned, Provisioned, Provisioned]; // one per chat
    const tokenOf = (state: State) =>
      (state === 'failed' ? blocking : state === 'revoked' ? revoking : main).token;
    const found: Record<string, string> = {};
    for (const state of STATES.filter((name) => name !== 'revoked'))
      found[state] = (await service.api.getAlert(tokenOf(state), ids[state])).status;
    expect(found).toEqual({
      delivered: 'delivered',
      failed: 'failed',
      uncertain: 'uncertain',
      scheduled: 'queued',
      expired: 'expired',
      sending: 'sending',
      queued: 'queued',
    });
    // And they did reach Telegram with every field.
    const sent = JSON.stringify(double.calls.filter(({ method }) => method === 'sendMessage'));
    for (const field of ['title', 'message', 'url', 'button', 'tag'])
      expect(sent).toContain(word(field, 'delivered'));
  });

  it('is found by this search, in each of its forms, when it is there', () => {
    const needles = [textNeedle(MARKER), chatNeedle(CHATS.main)];
    const number = Buffer.alloc(8);
    number.writeDoubleBE(CHATS.main);
    const forms = {
      plain: Buffer.from(`..${MARKER}..`),
      utf16: Buffer.from(`x${MARKER}`, 'utf16le'),
      hex: Buffer.from(Buffer.from(`"${MARKER}"`).toString('hex')),
      base64: Buffer.from(Buffer.from(`{"a":"${MARKER}"}`).toString('base64')),
      base64At1: Buffer.from(Buffer.from(`{"ab":"${MARKER}"}`).toString('base64')),
      base64At2: Buffer.from(Buffer.from(`{"abc":"${MARKER}"}`).toString('base64')),
      chat: Buffer.from(`id=${CHATS.main};`),
      number: Buffer.concat([Buffer.from([0xcb]), number]),
      nothing: Buffer.from('vexmarker'),
    };
    const found = findLeaks(
      needles,
      Object.entries(forms).map(([name, bytes]) => ({ name, bytes })),
    );
    expect(found.map((leak) => leak.split(' in ')[1])).toEqual(
      Object.keys(forms).filter((name) => name !== 'nothing'),
    );
  });

  it('in Redis’s append-only file is no text, no token, no chat id', async () => {
    await expectRedisClean();
  });

  it('nor after the file was rewritten, when the delivered alert’s ciphertext is gone as well', async () => {
    expect(sealedOfDelivered).toMatch(/^[\w+/=]{100,}$/);
    expect(all(redisFiles()).includes(sealedOfDelivered)).toBe(true);
    await redis.set('control', MARKER);
    await rewriteAof();
    await expectRedisClean();
    expect(findLeaks([textNeedle(MARKER)], redisFiles())).toHaveLength(1);
    expect(all(redisFiles()).includes(sealedOfDelivered)).toBe(false);
    await redis.del('control');
  });

  it('in Redis are no texts of delivered, expired and revoked alerts; those of failed ones are kept for a resend', async () => {
    const kept = await Promise.all(
      STATES.map(async (state) => [state, await redis.exists(textKey(ids[state]))]),
    );
    expect(Object.fromEntries(kept)).toEqual({
      ...{ delivered: 0, expired: 0, revoked: 0 },
      ...{ failed: 1, uncertain: 1, scheduled: 1, sending: 1, queued: 1 },
    });
  });

  it('in the data directory is no text and no token, and a chat id in the database alone', () => {
    const files = filesOf(service.dataDir);
    expect(files.filter(isDatabase).length).toBeGreaterThan(0);
    expect(all(files.filter(isDatabase)).includes(ids.delivered)).toBe(true);
    expect(findLeaks(chats(), files.filter(isDatabase))).not.toEqual([]);
    expect(findLeaks(secrets(), files)).toEqual([]);
    expect(
      findLeaks(
        chats(),
        files.filter((file) => !isDatabase(file)),
      ),
    ).toEqual([]);
    const planted = join(service.dataDir, 'planted');
    writeFileSync(planted, MARKER);
    expect(findLeaks([textNeedle(MARKER)], filesOf(service.dataDir))).toContain(`${MARKER} in planted`);
  });

  it('in a backup is no text and no token', async () => {
    const { code, stdout, stderr } = await runMain(['job', 'backup'], service.env);
    expect([code, stderr]).toEqual([0, 'info: Backup written\n']);
    const files = filesOf(service.backupDir);
    expect(files.map(({ name }) => name)).toEqual([expect.stringMatching(/^pingui-backup-.+\.db$/)]);
    expect(all(files).includes(ids.delivered)).toBe(true);
    expect(findLeaks(secrets(), [...files, { name: 'its output', bytes: Buffer.from(stdout) }])).toEqual([]);
  });

  it('in the metrics is no text, no token, no chat id', async () => {
    const metrics = await service.api.operate('/metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.text).toMatch(/alerts/);
    expect(
      findLeaks([...secrets(), ...chats()], [{ name: 'metrics', bytes: Buffer.from(metrics.text) }]),
    ).toEqual([]);
  });

  it('on the board is no text, no token, no chat id, whatever is asked', async () => {
    const states = [
      'latest',
      'active',
      'waiting',
      'waiting-children',
      'prioritized',
      'completed',
      'failed',
      'delayed',
      'paused',
    ];
    const queues = ['alerts', 'maintenance'];
    const jobs = STATES.map((state) => ids[state]);
    const paths = [
      '/redis/stats',
      '/job-schedulers',
      ...queues.flatMap((queue) => [
        ...states.map((state) => `/queues?activeQueue=${queue}&status=${state}&page=1&jobsPerPage=50`),
        ...['metrics', 'default-job-options', 'workers', 'rate-limit', 'job-data-schema'].map(
          (part) => `/queues/${queue}/${part}`,
        ),
      ]),
      ...jobs.flatMap((id) => ['', '/logs', '/flow'].map((part) => `/queues/alerts/${id}${part}`)),
    ];
    const answers: Haystack[] = [];
    for (const path of paths) {
      const answer = await service.api.operate(`/admin/queues/api${path}`);
      // Redis's own numbers are not for the board (403), and some of the jobs are gone (404).
      const mayBe =
        path === '/redis/stats' || path.endsWith('/workers')
          ? [403]
          : jobs.some((id) => path.includes(id))
            ? [200, 404]
            : [200];
      expect(mayBe, path).toContain(answer.status);
      answers.push({ name: path, bytes: Buffer.from(answer.text + JSON.stringify(answer.headers)) });
    }
    for (const state of ['failed', 'uncertain', 'scheduled', 'sending', 'queued'] as const)
      expect(all(answers).includes(ids[state])).toBe(true);
    expect(findLeaks([...secrets(), ...chats()], answers)).toEqual([]);
  });

  it('in the logs, at their most verbose, is no text, no token, no chat id, to the end', async () => {
    await double.goDown(); // ends the call that hangs
    await service.api.waitForStatus(integrations[0]?.token ?? '', ids.sending, ['uncertain']);
    expect(await service.stop()).toBe(0);
    const lines = Buffer.from(service.logs.map((line) => JSON.stringify(line)).join('\n'));
    expect(lines.includes(ids.delivered)).toBe(true);
    const output = [
      { name: 'stdout', bytes: lines },
      { name: 'stderr', bytes: Buffer.from(service.stderr) },
    ];
    expect(findLeaks([...secrets(), ...chats()], output)).toEqual([]);
    expect(findLeaks(secrets(), filesOf(service.dataDir))).toEqual([]);
  });
});
