import { TelegramError } from 'telegraf';
import { describe, expect, it } from 'vitest';
import { createLogger, type Logger } from '../../../src/ops/logger.ts';

const TOKEN = `123456789:${'Aa0_-'.repeat(7)}`;

function capture(level: 'debug' | 'info' | 'silent' = 'info', secrets: string[] = []) {
  const lines: string[] = [];
  const log = createLogger({
    level,
    secrets,
    now: () => Date.UTC(2026, 10, 25, 1, 2, 3, 4),
    destination: { write: (line) => void lines.push(line) },
  });
  return { log, lines, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') };
}

describe('a line', () => {
  it('is one JSON object with timestamp, level, component, message and fields, ended by a newline', () => {
    const { log, lines, last } = capture();
    log
      .child('worker')
      .info({ alertId: 'a-1', chatId: 'c0ffee', requestId: 'r-1', waitMs: 12 }, 'Alert delivered');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(last()).toEqual({
      timestamp: '2026-11-25T01:02:03.004Z',
      level: 'info',
      component: 'worker',
      message: 'Alert delivered',
      alertId: 'a-1',
      chatId: 'c0ffee',
      requestId: 'r-1',
      waitMs: 12,
    });
  });

  it('carries the fields of its child logger', () => {
    const { log, last } = capture();
    log.child('api', { requestId: 'r-1' }).warn({ code: 'queue_full' }, 'refused');
    expect(last()).toMatchObject({ component: 'api', level: 'warn', requestId: 'r-1', code: 'queue_full' });
  });

  it('never holds a key twice, whatever the fields are called', () => {
    const { log, lines, last } = capture();
    log.info({ message: 'x', level: 'y', timestamp: 'z', component: 'w' }, 'real');
    expect(last()).toMatchObject({
      message: 'real',
      level: 'info',
      component: 'app',
      message_: 'x',
      level_: 'y',
    });
    expect(lines[0]?.match(/"message":/g)).toHaveLength(1);
  });

  it('is not written below the level', () => {
    const { log, lines } = capture();
    log.debug({}, 'detail');
    expect(lines).toEqual([]);
    const silent = capture('silent');
    silent.log.fatal({}, 'x');
    expect(silent.lines).toEqual([]);
  });
});

describe('secrets', () => {
  it('are taken out of messages and of strings at any depth', () => {
    const { log, lines } = capture('info', ['my-own-secret']);
    const url = `https://api.telegram.org/bot${TOKEN}/getMe`;
    log.info(
      { url, nested: { list: [url, { deep: `x ${TOKEN}` }] }, own: 'a my-own-secret b' },
      `call of ${url}`,
    );
    expect(lines.join()).not.toContain('Aa0_');
    expect(lines.join()).not.toContain('my-own-secret');
  });

  it('under their usual names are never written, and neither are plain chat ids', () => {
    const { log, lines } = capture();
    log.info(
      {
        authorization: 'hunter2',
        headers: { Cookie: 'hunter2' },
        password: 'hunter2',
        payload: { text: 'hunter2' },
        bindings: ['hunter2'],
        chat_id: -1001234567890,
        context: { chatId: 1001234567890 },
      },
      'x',
    );
    expect(lines.join()).not.toMatch(/hunter2|1001234567890/);
  });

  it('in an error are taken out of message, stack and causes', () => {
    const { log, lines, last } = capture();
    const cause = new Error(`connect to redis://:hunter2@h:1 failed`);
    log.error(
      { error: new Error(`request to https://x/bot${TOKEN}/sendMessage failed`, { cause }) },
      'failed',
    );
    expect(lines.join()).not.toMatch(/Aa0_|hunter2/);
    expect(last().error).toMatchObject({
      type: 'Error',
      message: 'request to https://x/bot[REDACTED]/sendMessage failed',
      stack: expect.stringMatching(/^Error: request to .*\n\s+at /),
      cause: { type: 'Error', message: 'connect to redis://[REDACTED]@h:1 failed' },
    });
  });
});

describe('errors', () => {
  const TEXT = 'the text of an alert';

  it("never show TelegramError's payload", () => {
    const description = 'Forbidden: bot was blocked by the user';
    const error = new TelegramError(
      { error_code: 403, description },
      { method: 'sendMessage', payload: { text: TEXT } },
    );
    const { log, lines, last } = capture('debug');
    log.warn({ error }, 'failed');
    expect(lines.join()).not.toContain(TEXT);
    expect(last().error).toMatchObject({ code: 403, message: '403: Forbidden: bot was blocked by the user' });
  });

  it('of the database show what the driver said, not the statement with its bindings', () => {
    const message = `insert into \`alerts\` (\`x\`) values ('${TEXT} - more') - SQLITE_BUSY: database is locked`;
    const error = Object.assign(new Error(message), { code: 'SQLITE_BUSY', sql: message, bindings: [TEXT] });
    const { log, lines, last } = capture('debug');
    log.error({ error }, 'failed');
    expect(lines.join()).not.toContain(TEXT);
    expect(last().error).toMatchObject({ code: 'SQLITE_BUSY', message: 'SQLITE_BUSY: database is locked' });
  });

  it('of a JSON parser do not quote what could not be parsed', () => {
    const { log, lines } = capture('debug');
    try {
      JSON.parse(TEXT);
    } catch (error) {
      log.error({ error }, 'failed');
    }
    expect(lines.join()).not.toContain('the text');
    expect(lines.join()).toContain('invalid JSON');
  });

  it('have a stack from level error on, and everywhere while debugging', () => {
    const stackOf = ({ last }: ReturnType<typeof capture>) => (last().error as { stack?: string }).stack;
    const info = capture('info');
    info.log.warn({ error: new Error('x') }, 'x');
    expect(stackOf(info)).toBeUndefined();
    info.log.error({ error: new Error('x') }, 'x');
    expect(stackOf(info)).toContain('logger.test');
    const debug = capture('debug');
    debug.log.warn({ error: new Error('x') }, 'x');
    expect(stackOf(debug)).toContain('logger.test');
  });

  it('that are no Error objects are written too', () => {
    const { log, last } = capture();
    log.error({ error: `thrown ${TOKEN}` }, 'x');
    expect(last().error).toBe('thrown [REDACTED]');
  });
});

describe('odd values', () => {
  it('never make logging fail', () => {
    const loop: Record<string, unknown> = { a: 1 };
    loop.self = loop;
    const odd = {
      loop,
      big: 12345678901234567890n,
      when: new Date(0),
      never: new Date(Number.NaN),
      bytes: Buffer.from('abc'),
      set: new Set(['a']),
      fn: () => 1,
      none: undefined,
    };
    const { log, last } = capture();
    log.info(odd, 'odd');
    expect(last()).toMatchObject({
      big: '12345678901234567890',
      when: '1970-01-01T00:00:00.000Z',
      never: null,
      bytes: '[3 bytes]',
      set: ['a'],
    });
    const trap = {
      get bad(): string {
        throw new Error('trap');
      },
    };
    log.info(trap, 'trapped');
    expect(last()).toMatchObject({ message: 'trapped' });
  });

  it('are cut when they are long', () => {
    const { log, lines } = capture();
    log.info(
      { long: 'x '.repeat(50_000), list: Array.from({ length: 10_000 }, (_, index) => index) },
      'long',
    );
    expect(lines[0]?.length).toBeLessThan(6_000);
  });
});

it('flush() hands on to the destination', () => {
  let flushed = 0;
  const log: Logger = createLogger({
    level: 'info',
    destination: { write: () => undefined, flushSync: () => void flushed++ },
  });
  log.child('api').flush();
  expect(flushed).toBe(1);
});
