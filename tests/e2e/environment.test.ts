import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { runMain } from '../support/main-process.ts';
import { provisionIntegration } from '../support/provision.ts';
import { BOT_TOKEN, baseEnv, JWT_SECRET, startService } from '../support/service.ts';

const double = createBotApiDouble({ token: BOT_TOKEN });
let dir = '';
beforeAll(() => double.start());
afterAll(() => double.stop());
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'pingui-e2e-')));
});
afterEach(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

describe('a .env in the working directory', () => {
  it('is read, but a variable that is set wins, and the log says so', async () => {
    writeFileSync(
      join(dir, '.env'),
      'MAX_ALERTS="77"\r\nADMIN_USER=from-the-file\r\nTIMEZONE=Europe/Madrid\r\n',
    );
    const service = await startService({ double, dir, env: { ADMIN_USER: 'admin' } });
    try {
      expect(service.logs[0]).toMatchObject({ level: 'info', message: expect.stringContaining('.env') });
      const { token } = await provisionIntegration(double, service, 51);
      expect((await service.api.getIntegration(token, 51)).body.integrations.dailyLimit).toBe(77);
      // Of ADMIN_USER=admin: the file would have another.
      expect((await service.api.operate('/metrics')).status).toBe(200);
    } finally {
      await service.close();
    }
  });

  it('that cannot be read ends the start and says so; a command reads it as well', async () => {
    mkdirSync(join(dir, '.env'));
    const { code, stderr } = await runMain([], baseEnv(dir, double), dir);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ {2}\.env cannot be read/m);
    rmSync(join(dir, '.env'), { recursive: true });
    writeFileSync(join(dir, '.env'), `DATA_DIR=${join(dir, 'elsewhere')}\n`);
    const { DATA_DIR: _, ...env } = baseEnv(dir, double);
    const missing = await runMain(['job', 'backup'], env, dir);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain(join(dir, 'elsewhere', 'pingui.db'));
  });
});

describe('the start', () => {
  it('tells the version, the bot, and whether there are operator pages', async () => {
    const service = await startService({ double, dir });
    try {
      expect(service.logs.find(({ message }) => message === 'Pingui Alert is ready')).toMatchObject({
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        operatorPages: true,
        mode: 'telegram',
      });
      await service.waitForLog(({ bot }) => bot === `@${double.bot.username}`);
      expect(service.logs.some(({ message }) => message.includes('.env'))).toBe(false);
      await service.restart({ ADMIN_PASSWORD: undefined });
      expect(service.logs.findLast(({ message }) => message === 'Pingui Alert is ready')).toMatchObject({
        operatorPages: false,
      });
    } finally {
      await service.close();
    }
  });

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

describe('a database and its JWT_SECRET', () => {
  const WARNING = /^JWT_SECRET is not the one that this database was used with/;

  it('belong together: a start with another one warns, until the operator has adopted it', {
    timeout: 90_000,
  }, async () => {
    const service = await startService({ double, dir });
    try {
      const warnings = () => service.logs.filter(({ message }) => WARNING.test(message)).length;
      const { token } = await provisionIntegration(double, service, 61);
      await service.restart({ JWT_SECRET: `${JWT_SECRET}-another` });
      expect(warnings()).toBe(1);
      expect((await service.api.postAlert(token, { message: 'dead' })).status).toBe(401);
      const adopted = await runMain(['adopt-key'], service.env);
      expect([adopted.code, adopted.stderr]).toEqual([0, '']);
      await service.restart();
      expect(warnings()).toBe(1);
    } finally {
      await service.close();
    }
  });
});

describe('a command without a database', () => {
  it.each(['job backup', 'job reset-quotas', 'adopt-queue', 'adopt-key', 'chats list', 'invite'])(
    '%s makes none, and says where it looked',
    async (line) => {
      const { code, stdout, stderr } = await runMain(line.split(' '), baseEnv(dir, double));
      expect(code).toBe(1);
      expect(stderr).toContain(`There is no database at ${join(dir, 'data', 'pingui.db')}`);
      expect(stdout).toBe('');
      expect(existsSync(join(dir, 'data', 'pingui.db'))).toBe(false);
    },
  );

  it('does not take an empty file for one', async () => {
    mkdirSync(join(dir, 'data'));
    writeFileSync(join(dir, 'data', 'pingui.db'), '');
    const { code, stderr } = await runMain(['job', 'backup'], baseEnv(dir, double));
    expect(code).toBe(1);
    expect(stderr).toContain('The database is empty');
  });
});

describe('pingui chats and pingui invite', () => {
  it('list, block and unblock by hash, and make links, beside the service', { timeout: 90_000 }, async () => {
    const service = await startService({ double, dir, env: { REGISTRATION: 'invite' } });
    try {
      const invite = await runMain(['invite', '--days', '2'], service.env);
      expect(invite.code).toBe(0);
      const payload = new RegExp(
        `^https://t.me/${double.bot.username}\\?start=(invite_[\\w-]{32})$`,
        'm',
      ).exec(invite.stdout)?.[1];
      double.addChat({ id: 71, type: 'private', first_name: 'Ann' });
      const says = () => double.messages(71).filter(({ from }) => from?.id === double.bot.id).length;
      double.userSends(71, '/start');
      await expect.poll(says).toBe(1);
      double.userSends(71, `/start ${payload}`);
      await expect.poll(says).toBe(2);
      const { token } = await provisionIntegration(double, service, 71);

      const list = await runMain(['chats', 'list'], service.env);
      const hash = /^([0-9a-f]{16}) {2}\d{4}-.*Z {2}1 +-$/m.exec(list.stdout)?.[1] ?? '';
      expect([list.code, list.stdout]).not.toContain('71');
      expect((await runMain(['chats', 'block', hash], service.env)).stdout).toContain(`${hash} is blocked`);
      const refused = await service.api.postAlert(token, { message: 'no' });
      expect([refused.status, refused.body.code]).toEqual([403, 'integration_not_active']);
      expect(refused.body.detail).toContain('blocked');
      expect((await runMain(['chats', 'list'], service.env)).stdout).toMatch(/ blocked \d{4}-/);
      expect((await runMain(['chats', 'unblock', hash], service.env)).code).toBe(0);
      expect((await service.api.postAlert(token, { message: 'yes' })).status).toBe(202);
      const unknown = await runMain(['chats', 'block', '0'.repeat(16)], service.env);
      expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('No chat has this hash')]);
    } finally {
      await service.close();
    }
  });

  it.each(['chats', 'chats block', 'chats block 71', 'chats list more', 'invite --days 0', 'invite now'])(
    '%s is wrong use',
    async (line) => {
      const { code, stderr } = await runMain(line.split(' '), baseEnv(dir, double));
      expect([code, stderr]).toEqual([2, expect.stringContaining('Usage:')]);
    },
  );
});
