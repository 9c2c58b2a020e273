import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { createTokens, hashToken, TOKEN_AUDIENCE, TOKEN_ISSUER } from '../../../src/crypto/tokens.ts';

const SECRET = 'a secret of the tests, 32 bytes or more';
const NOW = Date.UTC(2026, 10, 24, 12);
let now = NOW;
const tokens = createTokens({
  secret: SECRET,
  clock: { now: () => now },
  setupTtlSeconds: 300,
  ttlDays: 365,
});
const at = <T>(time: number, work: () => T): T => {
  now = time;
  try {
    return work();
  } finally {
    now = NOW;
  }
};

describe('a token', () => {
  it('holds exactly the claims of the contract', () => {
    const { token, hash, expiresAt } = tokens.issue(42, 'alert:send integration:read');
    expect(jwt.decode(token, { complete: true })).toMatchObject({
      header: { alg: 'HS256', typ: 'JWT' },
      payload: {
        iss: TOKEN_ISSUER,
        aud: TOKEN_AUDIENCE,
        sub: '42',
        scope: 'alert:send integration:read',
        iat: NOW / 1000,
        exp: NOW / 1000 + 365 * 86_400,
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    expect(Object.keys(jwt.decode(token) as object).sort()).toEqual([
      'aud',
      'exp',
      'iat',
      'iss',
      'jti',
      'scope',
      'sub',
    ]);
    expect(hash).toBe(hashToken(token));
    expect(expiresAt).toBe(NOW + 365 * 86_400_000);
  });

  it('is another one each time, also for the same integration in the same second', () => {
    const made = Array.from({ length: 100 }, () => tokens.issue(1, 'alert:send').hash);
    expect(new Set(made).size).toBe(100);
  });

  it('for setup has the scope to create alone, and ends after its own time', () => {
    const { token, expiresAt } = tokens.issueSetup(7);
    expect(tokens.verify(token)).toMatchObject({ sub: '7', scope: 'integration:create' });
    expect(expiresAt).toBe(NOW + 300_000);
    expect(at(NOW + 299_999, () => tokens.verify(token).sub)).toBe('7');
    expect(() => at(NOW + 300_000, () => tokens.verify(token))).toThrow(/expired/);
  });

  it('ends to the second, by the clock that was given', () => {
    now = NOW + 999;
    const { token, expiresAt } = tokens.issueSetup(7);
    now = NOW;
    expect(expiresAt).toBe(NOW + 300_000);
    expect(() => at(expiresAt, () => tokens.verify(token))).toThrow();
    expect(at(expiresAt - 1, () => tokens.verify(token))).toBeDefined();
  });
});

describe('verifying', () => {
  const claims = { scope: 'alert:send', iat: NOW / 1000, exp: NOW / 1000 + 60, sub: '1', jti: 'x' };
  const options = { issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE };

  it('takes what was signed with our secret for our API', () => {
    expect(tokens.verify(jwt.sign(claims, SECRET, options))).toMatchObject(claims);
  });

  it.each([
    ['another secret', () => jwt.sign(claims, `${SECRET}!`, options)],
    ['another issuer', () => jwt.sign(claims, SECRET, { ...options, issuer: 'somebody' })],
    ['another audience', () => jwt.sign(claims, SECRET, { ...options, audience: 'something' })],
    ['no issuer', () => jwt.sign(claims, SECRET, { audience: TOKEN_AUDIENCE })],
    ['another algorithm', () => jwt.sign(claims, SECRET, { ...options, algorithm: 'HS512' })],
    ['no signature', () => jwt.sign(claims, null, { ...options, algorithm: 'none' })],
    ['a changed payload', () => tamper(jwt.sign(claims, SECRET, options))],
    ['nothing', () => ''],
    ['noise', () => 'a.b.c'],
  ])('refuses %s', (_, make) => {
    expect(() => tokens.verify(make())).toThrow();
  });
});

/** The same token for another integration. */
function tamper(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: '2' })).toString('base64url');
  return [header, changed, signature].join('.');
}
