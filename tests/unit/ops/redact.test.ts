import { expect, it } from 'vitest';
import { createRedactor } from '../../../src/ops/redact.ts';

const redact = createRedactor(['the literal/secret', 'short']);
const TOKEN = `123456789:${'Aa0_-'.repeat(7)}`;
const JWT = `eyJhbGciOiJIUzI1NiJ9.${'eyJzdWIi'}OiIxIn0.c2lnbmF0dXJl`;

it.each([
  [
    'a bot token in an address',
    `https://api.telegram.org/bot${TOKEN}/sendMessage`,
    '/bot[REDACTED]/sendMessage',
  ],
  [
    'a bot token of a file address',
    `http://x/file/bot1:abc/photos/1.jpg`,
    '/file/bot[REDACTED]/photos/1.jpg',
  ],
  [
    'each of several bot tokens',
    'http://x/bot12:AA-b_c/a failed, /bot7:zz',
    'http://x/bot[REDACTED]/a failed, /bot[REDACTED]',
  ],
  ['a bare bot token', `token ${TOKEN}.`, 'token [REDACTED].'],
  ['a JWT', `got ${JWT} there`, 'got [REDACTED] there'],
  ['a cut JWT', `got ${JWT.slice(0, 30)}`, 'got [REDACTED]'],
  ['basic authentication', 'Authorization: Basic YWRtaW46cGFzc3dvcmQ=', 'Authorization: Basic [REDACTED]'],
  [
    'a bearer token of unknown form',
    'authorization: bearer abcDEF123456',
    'authorization: bearer [REDACTED]',
  ],
  ['a password in a URL', 'redis://:pass@127.0.0.1:6379', 'redis://[REDACTED]@127.0.0.1:6379'],
  ['user and password in a URL', 'postgresql://u:p%40@db/x', 'postgresql://[REDACTED]@db/x'],
  ['a token in a query', '/hook?a=1&token=abcdef&b=2', '/hook?a=1&token=[REDACTED]&b=2'],
  ['a key in a path', `POST /api/in/ntfy/${'Aa0_-'.repeat(8)}xyz?a=1`, 'POST /api/in/ntfy/[REDACTED]?a=1'],
  ['a key alone', `{"key":"${'Aa0_-'.repeat(8)}xyz"}`, '{"key":"[REDACTED]"}'],
  ['a given secret', 'it is the literal/secret!', 'it is [REDACTED]!'],
  ['a given secret in a URL', 'x?y=the%20literal%2Fsecret', 'x?y=[REDACTED]'],
])('takes out %s', (_what, text, expected) => {
  expect(redact(text)).toContain(expected);
  expect(redact(text)).not.toMatch(/Aa0_|YWRt|pass@|u:p|abcdef\b|c2lnbmF/);
});

it('leaves ordinary text alone', () => {
  for (const text of [
    'Bearer authentication is needed',
    'basic settings follow',
    'see https://example.com/a@b and mail a@b.example',
    '2026-11-25T01:00:00.000Z took 12:30:45',
    'a short word',
    '/bots and /bot: are fine',
    'alert 3f1c6a8e-1b7e-4a53-9d35-0242ac120002 delivered',
  ]) {
    expect(redact(text)).toBe(text);
  }
});

it('is quick on long and hostile text', () => {
  const began = performance.now();
  for (const piece of ['a', 'eyJ', '1', 'Basic ', 'a://', '1:a', '?token', '/bot1'])
    redact(piece.repeat(20_000));
  expect(performance.now() - began).toBeLessThan(2_000);
});

it('says of an error what it was, without the statement and the text that it quotes', () => {
  const failed = new Error("insert into `Alerts` (`x`) values ('hunter2') - SQLITE_BUSY: database is locked");
  expect(redact(failed)).toBe('SQLITE_BUSY: database is locked');
  expect(redact(new Error("update `Alerts` set `x` = 'hunter2'"))).toBe('a database statement failed');
  expect(redact(new Error('connect to redis://:pass@h:1 failed'))).toBe(
    'connect to redis://[REDACTED]@h:1 failed',
  );
});
