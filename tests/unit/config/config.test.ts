import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, type Environment, loadConfig } from '../../../src/config/config.ts';
import type { Variable } from '../../../src/config/variables/variable.ts';
import { VARIABLE_NAMES, VARIABLES, type VariableName } from '../../../src/config/variables/variables.ts';

const SECRET = 'a-secret-of-more-than-thirty-two-bytes';
const LIVE = { BOT_TOKEN: '123456:test-token', JWT_SECRET: SECRET };
const ROOT = resolve(import.meta.dirname, '../../..');

function noFile(): never {
  throw new Error('ENOENT');
}

function load(env: Environment, files: Readonly<Record<string, string>> = {}) {
  return loadConfig(env, (path) => files[path] ?? noFile());
}

/** The names of the faulty variables. */
function faultsOf(env: Environment, files: Readonly<Record<string, string>> = {}) {
  try {
    load(env, files);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const namesOf = (env: Environment, files?: Readonly<Record<string, string>>) =>
  faultsOf(env, files).map(({ name }) => name);

describe('defaults', () => {
  it('are those of the contract in the sandbox', () => {
    const dataDir = resolve('data');
    expect(load({})).toEqual({
      mode: { kind: 'sandbox' },
      production: false,
      jwtSecret: undefined,
      redis: { url: undefined, serverPath: undefined, prefix: '{pingui:queue}' },
      database: { dialect: 'sqlite', file: resolve(dataDir, 'pingui.db') },
      dataDir,
      http: { host: '127.0.0.1', port: 3000, trustProxy: 0, rateLimitPerMinute: 120 },
      publicUrl: undefined,
      roles: new Set(['api', 'worker', 'bot', 'scheduler']),
      queue: { maxPending: 500, maxPendingPerChat: 0, maxScheduled: 10_000, maxScheduledPerChat: 100 },
      worker: { sendDelayMs: 1000, concurrency: 1, chatDelayMs: 1000, groupLimitPerMinute: 20 },
      maxAlerts: 10,
      maxIntegrationsPerChat: 20,
      incidents: {
        ringAgainMs: 3_600_000,
        staleMs: 259_200_000,
        keepTextMs: 172_800_000,
        maxFolded: 5_000,
      },
      registration: 'open',
      operatorChatId: undefined,
      tokens: { setupTtlSeconds: 300, ttlDays: 365 },
      admin: { user: 'admin', password: undefined },
      telegram: { apiRoot: 'https://api.telegram.org', timeoutMs: 30_000, proxy: undefined },
      webhook: undefined,
      backup: { directory: resolve('backups/pingui'), keep: 14 },
      timeZone: 'UTC',
      logLevel: 'info',
      secrets: [],
      warnings: [],
    });
  });

  it('listen on all addresses with a bot token', () => {
    const config = load(LIVE);
    expect(config.mode).toEqual({ kind: 'telegram', botToken: '123456:test-token' });
    expect(config.http.host).toBe('0.0.0.0');
  });

  it('put the database into DATA_DIR', () => {
    expect(load({ DATA_DIR: '/srv/pingui' }).database).toEqual({
      dialect: 'sqlite',
      file: '/srv/pingui/pingui.db',
    });
  });

  it('hold where a variable is empty or blank', () => {
    expect(load({ PORT: '', HOST: '  ', BOT_TOKEN: '', MAX_ALERTS: ' ' })).toEqual(load({}));
  });

  it('are valid values themselves', () => {
    const given = Object.fromEntries(
      VARIABLE_NAMES.map((name) => [name, VARIABLES[name].fallback ?? undefined]),
    );
    expect(load(given)).toEqual(load({}));
  });
});

describe('the HTTP port', () => {
  const portOf = (env: Environment) => load({ ...LIVE, ...env }).http.port;
  const HOOK = { WEBHOOK_URL: 'https://a.example/hook' };

  it.each<[number | undefined, string, Environment]>([
    [3000, 'senders call it', { ROLES: 'api' }],
    [3000, 'senders call it, whatever else it does', { ROLES: 'scheduler,api' }],
    [3000, 'Telegram calls it', { ROLES: 'bot', ...HOOK }],
    [undefined, 'the bot polls', { ROLES: 'bot' }],
    [undefined, 'Telegram calls another process', { ROLES: 'worker,scheduler', ...HOOK }],
  ])('is %s where %s', (port, _why, env) => {
    expect(portOf(env)).toBe(port);
    expect(portOf({ ...env, PORT: '' })).toBe(port);
  });

  it.each(['api', 'worker', 'bot', 'scheduler'])('is PORT where that is set, with the role %s', (role) => {
    expect(portOf({ ROLES: role, PORT: '8081' })).toBe(8081);
    expect(portOf({ ROLES: role, PORT: '0' })).toBe(0);
  });
});

describe('examples', () => {
  const examples = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, VARIABLES[name].example]));

  it('are together a valid environment, once real secrets stand in', () => {
    const env = Object.fromEntries(
      Object.entries(examples).map(([name, example]) => [name, example.replaceAll('replace-with', 'real')]),
    );
    expect(faultsOf(env)).toEqual([]);
  });

  it('that stand for secrets are refused as values', () => {
    expect(namesOf(examples)).toEqual(['BOT_TOKEN', 'WEBHOOK_SECRET', 'JWT_SECRET', 'ADMIN_PASSWORD']);
  });
});

it('is frozen all the way down', () => {
  const config = load(LIVE);
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.http)).toBe(true);
  expect(Object.isFrozen(config.mode)).toBe(true);
  expect(Object.isFrozen(config.warnings)).toBe(true);
});

describe('modes', () => {
  it('refuses production without a bot token', () => {
    expect(namesOf({ NODE_ENV: 'production', JWT_SECRET: SECRET })).toEqual(['BOT_TOKEN']);
  });

  it('wants a JWT secret with a bot token', () => {
    expect(namesOf({ BOT_TOKEN: '1:abc' })).toEqual(['JWT_SECRET']);
  });

  it('keeps the sandbox on loopback', () => {
    expect(namesOf({ HOST: '0.0.0.0' })).toEqual(['HOST']);
    expect(namesOf({ HOST: '192.168.1.10' })).toEqual(['HOST']);
    expect(load({ HOST: '127.0.0.2' }).http.host).toBe('127.0.0.2');
    expect(load({ HOST: '::1' }).http.host).toBe('::1');
  });

  it('counts the bytes of the JWT secret', () => {
    expect(namesOf({ ...LIVE, JWT_SECRET: 'x'.repeat(31) })).toEqual(['JWT_SECRET']);
    expect(load({ ...LIVE, JWT_SECRET: 'é'.repeat(16) }).jwtSecret).toBe('é'.repeat(16));
  });
});

describe('secrets in files', () => {
  const secrets: VariableName[] = [
    'BOT_TOKEN',
    'JWT_SECRET',
    'REDIS_URL',
    'DATABASE_URL',
    'ADMIN_PASSWORD',
    'WEBHOOK_SECRET',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'OPERATOR_CHAT_ID',
  ];

  it.each(secrets)('%s_FILE stands for its content without the trailing newline', (name) => {
    const value = VARIABLES[name].example.replace('replace-with', 'real');
    const env = { ...LIVE, WEBHOOK_URL: 'https://a.example/hook' };
    const byFile = { ...env, [name]: undefined, [`${name}_FILE`]: '/run/secrets/x' };
    expect(load(byFile, { '/run/secrets/x': `${value}\n` })).toEqual(load({ ...env, [name]: value }));
  });

  it('are all the secrets', () => {
    expect(VARIABLE_NAMES.filter((name) => 'secret' in VARIABLES[name]).sort()).toEqual([...secrets].sort());
  });

  it('are refused beside the plain variable', () => {
    expect(namesOf({ ...LIVE, JWT_SECRET_FILE: '/s' }, { '/s': SECRET })).toEqual(['JWT_SECRET']);
  });

  it('are refused when unreadable or empty, without a second fault for the missing value', () => {
    expect(namesOf({ BOT_TOKEN_FILE: '/gone', JWT_SECRET_FILE: '/empty' }, { '/empty': '\n' })).toEqual([
      'BOT_TOKEN_FILE',
      'JWT_SECRET_FILE',
    ]);
  });

  it('keep blanks that belong to the secret', () => {
    expect(load({ ADMIN_PASSWORD: 'pass word of an operator' }).admin.password).toBe(
      'pass word of an operator',
    );
    expect(load({ ADMIN_PASSWORD: 'pass word of an operator' }).warnings).toEqual([]);
  });

  const DIRTY = {
    'a CR': [`${SECRET}\r`, 'blanks'],
    'blanks around it': [` ${SECRET}\t`, 'blanks'],
    'a byte order mark': [`\uFEFF${SECRET}`, 'blanks'],
    'double quotes': [`"${SECRET}"`, 'quotes'],
    'single quotes, and a CR after them': [`'${SECRET}'\r`, 'blanks and quotes'],
    'quotes around blanks': [`" ${SECRET} "`, 'blanks and quotes'],
  } as const;

  it.each(Object.entries(DIRTY))('lose %s, and a warning says so', (_what, [written, told]) => {
    const plain = load({ ...LIVE, JWT_SECRET: written });
    expect(plain.jwtSecret).toBe(SECRET);
    expect(plain.warnings).toEqual([
      `JWT_SECRET had ${told} around its value, which do not count: remove them`,
    ]);
    const { JWT_SECRET: _, ...live } = LIVE;
    const file = load({ ...live, JWT_SECRET_FILE: '/jwt' }, { '/jwt': `${written}\n` });
    expect(file.jwtSecret).toBe(SECRET);
    // A CR before the file's last newline is how files end on Windows.
    const ends = written.endsWith('\r') ? told.replace(/^blanks(?: and )?/, '') : told;
    expect(file.warnings.join()).toBe(
      ends === '' ? '' : `JWT_SECRET_FILE had ${ends} around its value, which do not count: remove them`,
    );
  });

  it('are not taken from a file of another encoding', () => {
    const utf16 = Buffer.from(`\uFEFF${SECRET}`, 'utf16le').toString('utf8');
    expect(faultsOf({ ...LIVE, JWT_SECRET: '', JWT_SECRET_FILE: '/jwt' }, { '/jwt': utf16 })).toEqual([
      { name: 'JWT_SECRET_FILE', message: 'names a file that is not UTF-8 text' },
    ]);
  });

  it('of nothing but quotes or blanks are none', () => {
    expect(load({ ADMIN_PASSWORD: '""' }).admin.password).toBeUndefined();
    expect(namesOf({ ...LIVE, JWT_SECRET: '', JWT_SECRET_FILE: '/jwt' }, { '/jwt': '" "\n' })).toContain(
      'JWT_SECRET_FILE',
    );
  });
});

describe('quotes around a setting', () => {
  it("are taken off: Docker's --env-file leaves them there", () => {
    const config = load({ ...LIVE, TIMEZONE: '"Europe/Madrid"', MAX_ALERTS: "'20'" });
    expect([config.timeZone, config.maxAlerts]).toEqual(['Europe/Madrid', 20]);
    expect(config.warnings).toHaveLength(2);
    expect(config.warnings.join()).toMatch(/TIMEZONE had quotes.*MAX_ALERTS had quotes/);
  });

  it('are not missed where there are only blanks', () => {
    expect(load({ ...LIVE, TIMEZONE: ' Europe/Madrid\r' }).warnings).toEqual([]);
  });
});

describe('faults', () => {
  it('are listed all together, and the error repeats no value', () => {
    const env = {
      BOT_TOKEN: 'VALUE-nonsense',
      JWT_SECRET: 'VALUE-short',
      REDIS_URL: 'http://VALUE',
      DATABASE_URL: 'mysql://VALUE',
      PORT: 'VALUE',
      ROLES: 'api,VALUE',
      TIMEZONE: 'VALUE/Nowhere',
      LOG_LEVEL: 'VALUE',
      WEBHOOK_URL: 'http://VALUE.example',
      WEBHOOK_SECRET: 'VALUE not allowed',
      TELEGRAM_API_ROOT: 'ftp://VALUE',
      QUEUE_PREFIX: 'VALUE{}',
      ADMIN_USER: 'VALUE:x',
      MAX_QUEUE_SIZE: '0',
      HTTPS_PROXY: 'gopher://VALUE',
      ALL_PROXY: 'socks4://VALUE',
    };
    const faults = faultsOf(env);
    expect(faults.map(({ name }) => name).sort()).toEqual(Object.keys(env).sort());
    const error = new ConfigError(faults);
    expect(`${error.message}${error.stack}${JSON.stringify(faults)}`).not.toContain('VALUE');
  });

  const numbers = VARIABLE_NAMES.filter((name) => /, \d+ to \d+$/.test(VARIABLES[name].type));

  it.each(numbers)('%s holds the bounds that it documents', (name) => {
    const [, min = '', max = ''] = /, (\d+) to (\d+)$/.exec(VARIABLES[name].type) ?? [];
    expect(namesOf({ [name]: min })).toEqual([]);
    expect(namesOf({ [name]: max })).toEqual([]);
    for (const wrong of [
      String(Number(max) + 1),
      String(Number(min) - 1),
      '1.5',
      '0x10',
      '1e3',
      'ten',
      '+1',
    ]) {
      expect(faultsOf({ [name]: wrong })).toEqual([
        { name, message: expect.stringContaining(`${min} to ${max}`) },
      ]);
    }
  });

  it('covers every number', () => {
    expect(numbers.length).toBeGreaterThan(14);
  });
});

describe('forms', () => {
  const accepted: [VariableName, string][] = [
    ['REDIS_URL', 'redis://localhost'],
    ['REDIS_URL', 'redis://user:p%40ss@10.0.0.1:6380/2'],
    ['REDIS_URL', 'rediss://cache.example:6380?ca=/etc/ca.pem'],
    ['REDIS_URL', 'redis://[::1]:6379/0'],
    ['REDIS_URL', 'redis+sentinel://:pw@a:26379,b:26379/mymaster'],
    ['REDIS_URL', 'rediss+sentinel://a,b,c/mymaster'],
    ['REDIS_URL', 'redis+cluster://a:7000,b:7001'],
    ['REDIS_URL', 'rediss+cluster://u:p@a:7000'],
    ['DATABASE_URL', 'sqlite:./x.db'],
    ['DATABASE_URL', 'sqlite:/srv/x.db'],
    ['DATABASE_URL', 'postgres://u:p@db:5432/pingui'],
    ['DATABASE_URL', 'postgresql:///pingui?host=/var/run/postgresql'],
    ['WEBHOOK_URL', 'https://alerts.example.com:8443/telegram'],
    ['WEBHOOK_URL', 'http://127.0.0.1:3000/hook'],
    ['PUBLIC_URL', 'https://alerts.example.com'],
    ['PUBLIC_URL', 'http://alerts.lan:8080/pingui/'],
    ['REGISTRATION', 'invite'],
    ['TELEGRAM_API_ROOT', 'http://127.0.0.1:8081/prefix/'],
    ['TIMEZONE', 'America/Argentina/Buenos_Aires'],
    ['QUEUE_PREFIX', 'plain'],
    ['ROLES', 'worker'],
    ['HOST', 'localhost'],
    ['HTTPS_PROXY', 'proxy.example:3128'],
    ['HTTPS_PROXY', 'https://user:p%40ss@proxy.example'],
    ['ALL_PROXY', 'socks5://127.0.0.1:1080/'],
    ['ALL_PROXY', 'socks://127.0.0.1:1080/'],
    ['NO_PROXY', '*'],
  ];
  it.each(accepted)('%s accepts %s', (name, value) => {
    expect(faultsOf({ [name]: value })).toEqual([]);
  });

  const refused: [VariableName, string][] = [
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'redis://a:1,b:2'],
    ['REDIS_URL', 'redis://host:99999'],
    ['REDIS_URL', 'redis://'],
    ['REDIS_URL', 'redis://host/name'],
    ['REDIS_URL', 'redis+sentinel://a:26379'],
    ['REDIS_URL', 'redis+cluster://a,/0'],
    ['DATABASE_URL', 'sqlite:'],
    ['DATABASE_URL', 'sqlite::memory:'],
    ['DATABASE_URL', 'sqlite://folder/x.db'],
    ['DATABASE_URL', 'postgres://h:99999/x'],
    ['WEBHOOK_URL', 'http://alerts.example.com/'],
    ['WEBHOOK_URL', 'https://alerts.example.com/api/alert'],
    ['WEBHOOK_URL', 'https://alerts.example.com/health'],
    ['PUBLIC_URL', 'alerts.example.com'],
    ['PUBLIC_URL', 'https://user:pw@alerts.example.com'],
    ['PUBLIC_URL', 'https://alerts.example.com/?a=1'],
    ['REGISTRATION', 'closed'],
    ['WEBHOOK_URL', 'https://user:pw@alerts.example.com/'],
    ['TELEGRAM_API_ROOT', 'api.telegram.org'],
    ['TELEGRAM_API_ROOT', 'https://api.telegram.org/?x=1'],
    ['TIMEZONE', 'local'],
    ['QUEUE_PREFIX', '{a}{b}'],
    ['QUEUE_PREFIX', 'a b'],
    ['ROLES', 'api,,bot'],
    ['HOST', 'http://localhost'],
    ['BOT_TOKEN', 'bot123:abc'],
    ['HTTPS_PROXY', 'ftp://proxy.example'],
    ['HTTPS_PROXY', 'http://proxy.example/path'],
    ['HTTPS_PROXY', 'http://user:100%@proxy.example'],
    ['ALL_PROXY', 'socks4://127.0.0.1'],
    ['ALL_PROXY', 'socks5://'],
  ];
  it.each(refused)('%s refuses %s', (name, value) => {
    expect(namesOf({ ...LIVE, [name]: value })).toEqual([name]);
  });

  it('gives sqlite paths absolute, and PostgreSQL as its URL', () => {
    expect(load({ DATABASE_URL: 'sqlite:x.db' }).database).toEqual({
      dialect: 'sqlite',
      file: resolve('x.db'),
    });
    expect(load({ DATABASE_URL: 'sqlite:///srv/x.db' }).database).toEqual({
      dialect: 'sqlite',
      file: '/srv/x.db',
    });
    expect(load({ DATABASE_URL: 'postgres://db/x' }).database).toEqual({
      dialect: 'postgres',
      url: 'postgres://db/x',
    });
  });

  it('reads roles as a set, whatever their case and blanks', () => {
    expect(load({ ROLES: ' API , bot,api' }).roles).toEqual(new Set(['api', 'bot']));
  });

  it('wants a hash tag in the prefix for a Redis Cluster', () => {
    expect(namesOf({ REDIS_URL: 'redis+cluster://a:7000', QUEUE_PREFIX: 'plain' })).toEqual(['QUEUE_PREFIX']);
  });

  it('gives a webhook without a path one of its own: / is the first page', () => {
    const urlOf = (url: string) => load({ ...LIVE, WEBHOOK_URL: url }).webhook?.url;
    for (const url of ['https://a.example', 'https://a.example/'])
      expect(urlOf(url)).toBe('https://a.example/telegram/updates');
    expect(urlOf('https://a.example/h')).toBe('https://a.example/h');
  });

  it('takes PUBLIC_URL with and without a path, and no trailing slash', () => {
    const urlOf = (url: string) => load({ PUBLIC_URL: url }).publicUrl;
    expect(urlOf('https://a.example/')).toBe('https://a.example');
    expect(urlOf('http://a.example:8080/pingui/')).toBe('http://a.example:8080/pingui');
  });

  it('leaves the webhook secret to the app where none is given', () => {
    expect(load({ ...LIVE, WEBHOOK_URL: 'https://a.example/h' }).webhook).toEqual({
      url: 'https://a.example/h',
      secret: undefined,
    });
  });
});

describe('the proxy for calls to Telegram', () => {
  const proxyOf = (env: Environment) => load({ ...LIVE, ...env }).telegram.proxy;
  const HTTPS_PROXY = 'http://user:secret-of-the-proxy@proxy.example:3128';
  const ALL_PROXY = 'socks5h://socks.example';

  it('is HTTPS_PROXY, else ALL_PROXY; for an http:// Bot API ALL_PROXY alone', () => {
    expect(proxyOf({})).toBeUndefined();
    expect(proxyOf({ HTTPS_PROXY })).toEqual({ url: `${HTTPS_PROXY}/`, shown: 'http://proxy.example:3128' });
    expect(proxyOf({ HTTPS_PROXY, ALL_PROXY })?.shown).toBe('http://proxy.example:3128');
    expect(proxyOf({ ALL_PROXY })?.shown).toBe('socks5h://socks.example');
    const local = { TELEGRAM_API_ROOT: 'http://127.0.0.1:8081' };
    expect(proxyOf({ ...local, HTTPS_PROXY })).toBeUndefined();
    expect(proxyOf({ ...local, HTTPS_PROXY, ALL_PROXY })?.shown).toBe('socks5h://socks.example');
  });

  it('may be given in lower case, and capitals come first', () => {
    expect(proxyOf({ https_proxy: 'a.example:1' })?.shown).toBe('http://a.example:1');
    expect(proxyOf({ all_proxy: ALL_PROXY, no_proxy: 'telegram.org' })).toBeUndefined();
    expect(proxyOf({ HTTPS_PROXY, https_proxy: 'a.example' })?.shown).toBe('http://proxy.example:3128');
    expect(proxyOf({ HTTPS_PROXY: '', https_proxy: 'a.example' })?.shown).toBe('http://a.example');
    expect(faultsOf({ ...LIVE, https_proxy: 'ftp://a.example' })).toMatchObject([{ name: 'HTTPS_PROXY' }]);
  });

  it.each([
    ['*', true],
    ['api.telegram.org', true],
    ['API.Telegram.ORG', true],
    ['telegram.org', true],
    ['.telegram.org', true],
    ['*.telegram.org', true],
    ['localhost, api.telegram.org', true],
    ['localhost api.telegram.org:443', true],
    ['api.telegram.org:8443', false],
    ['gram.org', false],
    ['org.telegram.api,,', false],
    ['127.0.0.1,::1,[::1]:443', false],
  ])('is not used where NO_PROXY names the host: %s', (list, isExcepted) => {
    expect(proxyOf({ HTTPS_PROXY, NO_PROXY: list }) === undefined).toBe(isExcepted);
  });

  it('knows addresses in NO_PROXY', () => {
    const of = (root: string, list: string) =>
      proxyOf({ TELEGRAM_API_ROOT: root, ALL_PROXY, NO_PROXY: list });
    expect(of('http://127.0.0.1:8081', '127.0.0.1')).toBeUndefined();
    expect(of('http://127.0.0.1:8081', '127.0.0.1:8081')).toBeUndefined();
    expect(of('http://127.0.0.1:8081', '127.0.0.1:8082')).toBeDefined();
    expect(of('http://[::1]:8081', '::1')).toBeUndefined();
    expect(of('http://[::1]:8081', '[::1]:8081')).toBeUndefined();
    expect(of('http://[::1]:8081', '[::1]:8082')).toBeDefined();
  });

  it('is not for the sandbox, whose Bot API is on this machine', () => {
    expect(load({ HTTPS_PROXY, ALL_PROXY }).telegram.proxy).toBeUndefined();
  });

  it('keeps its password out of the log, and its name in', () => {
    const { secrets } = load({ ...LIVE, HTTPS_PROXY: 'http://user:p%40ssword@proxy.example' });
    expect([...secrets].sort()).toEqual([...load(LIVE).secrets, 'p%40ssword', 'p@ssword'].sort());
  });
});

describe('warnings', () => {
  const warningsOf = (env: Environment) => load(env).warnings.join('\n');

  it.each([
    ['TELEGRAM_BOT_TOKEN', 'BOT_TOKEN'],
    ['REDIS_URI', 'REDIS_URL'],
    ['MAX_QUEUE_SIZ', 'MAX_QUEUE_SIZE'],
    ['MAX_QUEUESIZE', 'MAX_QUEUE_SIZE'],
    ['TIMEZNOE', 'TIMEZONE'],
    ['ROLE', 'ROLES'],
  ])('asks of %s whether %s was meant, without its value', (wrong, right) => {
    expect(warningsOf({ [wrong]: 'VALUE' })).toBe(`${wrong} is ignored: did you mean ${right}?`);
  });

  it('says nothing where the right name is set too, or the wrong one is empty', () => {
    expect(warningsOf({ ...LIVE, TELEGRAM_BOT_TOKEN: 'x' })).toBe('');
    expect(warningsOf({ REDIS_URI: '' })).toBe('');
  });

  it("is not bothered by the variables of an ordinary process's environment", () => {
    const env = Object.fromEntries(
      [
        'PATH',
        'HOME',
        'HOSTNAME',
        'TZ',
        'PWD',
        'LANG',
        'NODE_OPTIONS',
        'npm_config_cache',
        'CI',
        'USER',
        'SHELL',
      ].map((name) => [name, 'x']),
    );
    expect(warningsOf(env)).toBe('');
  });

  it('says that only secrets are read from files', () => {
    expect(warningsOf({ PORT_FILE: '/x' })).toContain('PORT_FILE is ignored');
  });

  it('warns of parts that cannot share a private Redis or SQLite', () => {
    const apart = warningsOf({ ...LIVE, ROLES: 'api' });
    expect(apart).toContain('REDIS_URL');
    expect(apart).toContain('SQLite');
    expect(
      warningsOf({ ...LIVE, ROLES: 'api', REDIS_URL: 'redis://r', DATABASE_URL: 'postgres://d/x' }),
    ).toBe('');
  });

  it('warns of an unencrypted Bot API, an unused webhook secret and a short password', () => {
    const warnings = warningsOf({
      ...LIVE,
      TELEGRAM_API_ROOT: 'http://bots.example',
      WEBHOOK_SECRET: 'x',
      ADMIN_PASSWORD: 'short',
    });
    expect(warnings).toContain('unencrypted');
    expect(warnings).toContain('WEBHOOK_SECRET');
    expect(warnings).toContain('ADMIN_PASSWORD');
    expect(warnings).not.toContain('short\n');
  });
});

describe('documentation', () => {
  it('.env.example lists every variable with type, default and example (write it anew with vitest -u)', async () => {
    const head =
      '# Settings of Pingui Alert. To change one, uncomment its line; an empty value counts as not set.\n' +
      '# Every secret can also be read from a file: <NAME>_FILE=<path>.\n';
    const blocks = VARIABLE_NAMES.map((name) => block(name, VARIABLES[name]));
    await expect([head, ...blocks].join('\n')).toMatchFileSnapshot(resolve(ROOT, '.env.example'));
  });

  it('README.md names every variable with its default', () => {
    const rows = readFileSync(resolve(ROOT, 'README.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const undocumented = VARIABLE_NAMES.filter((name) => {
      const row = rows.find((line) => line.includes(`\`${name}\``));
      const fallback = VARIABLES[name].fallback;
      return row === undefined || (fallback !== null && !row.includes(`\`${fallback}\``));
    });
    expect(undocumented).toEqual([]);
  });
});

function block(name: VariableName, variable: Variable): string {
  const lines = [
    `# ${variable.about}`,
    `# type: ${variable.type}`,
    `# default: ${variable.fallback ?? `none (${variable.absent})`}`,
    `# example: ${name}=${variable.example}`,
    `#${name}=${variable.fallback ?? ''}`,
  ];
  if (variable.secret) lines.push(`#${name}_FILE=`);
  return `${lines.join('\n')}\n`;
}
