import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { callCommand } from '../support/call-command.ts';
import { runMain } from '../support/main-process.ts';
import { type Provisioned, provisionIntegration } from '../support/provision.ts';
import {
  BOT_TOKEN,
  baseEnv,
  JWT_SECRET,
  type LogLine,
  type Service,
  startService,
} from '../support/service.ts';

const double = createBotApiDouble({ token: BOT_TOKEN });
let dir = '';
beforeAll(() => double.start());
afterAll(() => double.stop());
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-e2e-')));
});
afterEach(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

describe('a service through its restarts', { timeout: 90_000 }, () => {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-e2e-')));
  let service: Service;
  let sender: Provisioned;
  beforeAll(async () => {
    writeFileSync(
      join(home, '.env'),
      'MAX_ALERTS="77"\r\nADMIN_USER=from-the-file\r\nTIMEZONE=Europe/Madrid\r\n',
    );
    service = await startService({ double, dir: home, env: { ADMIN_USER: 'admin' } });
    sender = await provisionIntegration(double, service, 51);
  });
  afterAll(async () => {
    await service?.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  const isReady = ({ message }: LogLine): boolean => message === 'Pingui Alert is ready';
  const warnings = () =>
    service.logs.filter(({ message }) =>
      message.startsWith('JWT_SECRET is not the one that this database was used with'),
    );

  it('reads a .env in the working directory, but a variable that is set wins, and the log says so', async () => {
    expect(service.logs[0]).toMatchObject({ level: 'info', message: expect.stringContaining('.env') });
    expect((await service.api.getIntegration(sender.token, 51)).body.integrations.dailyLimit).toBe(77);
    // Of ADMIN_USER=admin: the file would have another.
    expect((await service.api.operate('/metrics')).status).toBe(200);
  });

  it('tells the version, the bot, and whether there are operator pages', async () => {
    expect(service.logs.find(isReady)).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      operatorPages: true,
      mode: 'telegram',
    });
    await service.waitForLog(({ bot }) => bot === `@${double.bot.username}`);
    rmSync(join(home, '.env'));
    const from = service.logs.length;
    await service.restart({ ADMIN_PASSWORD: undefined, JWT_SECRET: `${JWT_SECRET}-another` });
    const lines = service.logs.slice(from);
    expect(lines.some(({ message }) => message.includes('.env'))).toBe(false);
    expect(lines.find(isReady)).toMatchObject({ operatorPages: false });
  });

  it('warns of a JWT_SECRET that is not its database’s, until the operator has adopted it', async () => {
    expect(warnings()).toHaveLength(1);
    expect((await service.api.postAlert(sender.token, { message: 'dead' })).status).toBe(401);
    const adopted = await runMain(['adopt-key'], service.env);
    expect([adopted.code, adopted.stderr]).toEqual([0, '']);
    await service.restart({ REGISTRATION: 'invite' });
    expect(warnings()).toHaveLength(1);
  });

  it('has commands beside it that list, block and unblock chats by hash, and make links', async () => {
    const chats = (...args: string[]) => callCommand(['chats', ...args], { env: { ...service.env } });
    const hashesIn = (list: string) =>
      [...list.matchAll(/^([0-9a-f]{16}) {2}\d{4}-.*Z {2}1 +-$/gm)].map(([, hash]) => hash);
    const before = hashesIn((await chats('list')).stdout);
    expect(before).toHaveLength(1);
    const invite = await runMain(['invite', '--days', '2'], service.env);
    expect(invite.code).toBe(0);
    const payload = new RegExp(`^https://t.me/${double.bot.username}\\?start=(invite_[\\w-]{32})$`, 'm').exec(
      invite.stdout,
    )?.[1];
    double.addChat({ id: 71, type: 'private', first_name: 'Ann' });
    const says = () => double.messages(71).filter(({ from }) => from?.id === double.bot.id).length;
    double.userSends(71, '/start');
    await expect.poll(says).toBe(1);
    double.userSends(71, `/start ${payload}`);
    await expect.poll(says).toBe(2);
    const { token } = await provisionIntegration(double, service, 71);

    const list = await runMain(['chats', 'list'], service.env);
    const hash = hashesIn(list.stdout).find((one) => !before.includes(one)) ?? '';
    expect(list.code).toBe(0);
    expect(list.stdout).not.toMatch(/\b71\b/);
    expect((await runMain(['chats', 'block', hash], service.env)).stdout).toContain(`${hash} is blocked`);
    const refused = await service.api.postAlert(token, { message: 'no' });
    expect([refused.status, refused.body.code]).toEqual([403, 'integration_not_active']);
    expect(refused.body.detail).toContain('blocked');
    expect((await chats('list')).stdout).toMatch(/ blocked \d{4}-/);
    expect((await chats('unblock', hash)).code).toBe(0);
    expect((await service.api.postAlert(token, { message: 'yes' })).status).toBe(202);
    const unknown = await chats('block', '0'.repeat(16));
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('No chat has this hash')]);
  });
});

describe('a .env', () => {
  it('that cannot be read ends the start and says so; a command reads it as well', async () => {
    mkdirSync(join(dir, '.env'));
    const { code, stderr } = await runMain([], baseEnv(dir, double), dir);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ {2}\.env cannot be read/m);
    rmSync(join(dir, '.env'), { recursive: true });
    writeFileSync(join(dir, '.env'), `DATA_DIR=${join(dir, 'elsewhere')}\n`);
    const { DATA_DIR: _, ...env } = baseEnv(dir, double);
    const missing = await runMain(['job', 'backup'], env, dir);
    expect([missing.code, missing.stdout]).toEqual([1, '']);
    expect(missing.stderr).toContain(`There is no database at ${join(dir, 'elsewhere', 'pingui.db')}`);
    expect(existsSync(join(dir, 'elsewhere', 'pingui.db'))).toBe(false);
  });
});

describe('the start', () => {
  it('at a port that is taken says what to do, in one line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await runMain([], { ...baseEnv(dir, double), PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^Port ${port} on 127.0.0.1 is in use by another program: .*set PORT.*\n$`),
    );
  });

  it('without Redis says in one line what to do, and installs nothing', async () => {
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    // A package manager that tells on whoever calls it.
    for (const name of ['apt-get', 'dnf', 'apk', 'brew', 'id', 'sudo']) {
      writeFileSync(join(bin, name), `#!/bin/sh\necho called >> ${join(dir, 'calls')}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    // The tests' own Redis may be given by its path.
    const { REDIS_SERVER: _, ...rest } = baseEnv(dir, double);
    const env = { ...rest, PATH: bin };
    const { code, stderr } = await runMain([], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^No redis-server found\. Install it .*REDIS_URL to a running Redis\n$/);
    expect(existsSync(join(dir, 'calls'))).toBe(false);
  });
});

describe('a command without a database', () => {
  it.each(['job reset-quotas', 'adopt-queue', 'adopt-key', 'chats list', 'invite'])(
    '%s makes none, and says where it looked',
    async (line) => {
      const { code, stdout, stderr } = await callCommand(line.split(' '), { env: baseEnv(dir, double) });
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`There is no database at ${join(dir, 'data', 'pingui.db')}`);
      expect(existsSync(join(dir, 'data', 'pingui.db'))).toBe(false);
    },
  );

  it('does not take an empty file for one', async () => {
    mkdirSync(join(dir, 'data'));
    writeFileSync(join(dir, 'data', 'pingui.db'), '');
    const { code, stderr } = await callCommand(['job', 'backup'], { env: baseEnv(dir, double) });
    expect(code).toBe(1);
    expect(stderr).toContain('The database is empty');
  });
});

it.each(['chats', 'chats block', 'chats block 71', 'chats list more', 'invite --days 0', 'invite now'])(
  'pingui %s is wrong use',
  async (line) => {
    const { code, stderr } = await callCommand(line.split(' '), { env: baseEnv(dir, double) });
    expect([code, stderr]).toEqual([2, expect.stringContaining('Usage:')]);
  },
);
