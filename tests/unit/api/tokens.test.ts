import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken, TOKEN_AUDIENCE, TOKEN_ISSUER } from '../../../src/crypto/tokens.ts';
import { type ApiFixture, bodyOf, CHAT, SECRET, startApi } from '../../support/api-fixture.ts';

let fixture: ApiFixture;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => fixture.stop());

const key = createSecretKey(Buffer.from(SECRET));
const good = {
  sub: '1',
  jti: 'j',
  scope: 'alert:send integration:read',
  iss: TOKEN_ISSUER,
  aud: TOKEN_AUDIENCE,
};
const inAnHour = Math.floor(Date.now() / 1000) + 3600;

/** Signs the claims, and stores the token's hash, so that nothing but the claims can be at fault. */
function forge(claims: Record<string, unknown>, options: jwt.SignOptions = { algorithm: 'HS256' }): string {
  const token = jwt.sign({ ...good, exp: inAnHour, ...claims }, key, options);
  fixture.grant({ tokenHash: hashToken(token) });
  return token;
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const read = (authorization: string) =>
  fixture.call(`/api/integrations/${CHAT}`, { headers: { Authorization: authorization } });

describe('verifyJwtToken', () => {
  it('takes a token with all claims, whatever the case of the scheme', async () => {
    expect((await read(`bEaReR ${forge({})}`)).status).toBe(200);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  it.each<[string, () => string]>([
    [
      'signed with "none"',
      () => `${base64({ alg: 'none', typ: 'JWT' })}.${base64({ ...good, exp: inAnHour })}.`,
    ],
    ['signed with RS256', () => jwt.sign({ ...good, exp: inAnHour }, rsa.privateKey, { algorithm: 'RS256' })],
    [
      'signed with a public key as a secret',
      () => {
        const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
        return jwt.sign({ ...good, exp: inAnHour }, createSecretKey(Buffer.from(pem)));
      },
    ],
    ['signed with HS512', () => forge({}, { algorithm: 'HS512' })],
    ['signed with another secret', () => jwt.sign({ ...good, exp: inAnHour }, 'x'.repeat(32))],
    ['of another issuer', () => forge({ iss: 'somebody' })],
    ['for another audience', () => forge({ aud: 'somebody' })],
    ['that has expired', () => forge({ exp: inAnHour - 7200 })],
    [
      'without expiry',
      () => {
        const token = jwt.sign(good, key);
        fixture.grant({ tokenHash: hashToken(token) });
        return token;
      },
    ],
    ['without subject', () => forge({ sub: undefined })],
    ['with a strange subject', () => forge({ sub: '1 OR 1=1' })],
    ['without id', () => forge({ jti: undefined })],
    ['without scope', () => forge({ scope: undefined })],
    ['with a list as scope', () => forge({ scope: ['alert:send'] })],
    [
      'that was replaced',
      () => {
        const token = forge({});
        fixture.grant();
        return token;
      },
    ],
    ['of no integration', () => forge({ sub: '77' })],
    ['that is a word', () => 'null'],
    ['that is cut', () => forge({}).slice(0, -4)],
    ['whose payload is a string', () => jwt.sign('null', key)],
  ])('refuses a token %s with 401', async (_name, make) => {
    const res = await read(`Bearer ${make()}`);
    expect(res.status).toBe(401);
    expect(res.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
    expect(await bodyOf(res)).toMatchObject({ code: 'unauthorized', status: 401 });
    expect(fixture.logged).toEqual([]);
    expect(fixture.events.at(-1)).toMatchObject({ name: 'access.refused', event: { kind: 'token' } });
  });

  it('goes by the clock of the service too', async () => {
    const token = fixture.grant().token;
    fixture.clock.skew = 366 * 86_400_000;
    const res = await read(`Bearer ${token}`);
    fixture.clock.skew = 0;
    expect(res.status).toBe(401);
    expect((await bodyOf(res)).detail).toContain('expired');
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic YQ==', 'Basic Og==', 'Token abc', 'Bearer a b'])(
    'refuses "%s" with 401',
    async (value) => {
      const res = await read(value);
      expect(res.status).toBe(401);
      expect(res.headers.get('www-authenticate')).toBe('Bearer realm="pingui-alert"');
    },
  );

  it('keeps apart requests that overlap', async () => {
    const tokens = [1, 2, 3].map((id) => fixture.grant({ id, chatId: id }).token);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        fixture.call(`/api/integrations/${(i % 3) + 1}`, { token: tokens[i % 3] ?? '' }).then(bodyOf),
      ),
    );
    answers.forEach((body, i) => void expect(body).toMatchObject({ integrations: { id: (i % 3) + 1 } }));
  });
});

describe('a token that is not the newest any more', () => {
  it.each<[string, string, RequestInit & { json?: unknown }]>([
    ['an alert', '/api/alert', { json: { message: 'x' } }],
    ['an alert that is no good', '/api/alert', { json: { message: 1 } }],
    ['an alert that is no JSON', '/api/alert', { method: 'POST', body: '{' }],
    ['an alert for another chat', '/api/alert', { json: { message: 'x', chatId: 5 } }],
    ['an alert without a body', '/api/alert', { method: 'POST' }],
    ['a look at an alert', '/api/alerts/00000000-0000-4000-8000-000000000000', {}],
    ['a bad look at an alert', '/api/alerts/x', {}],
    ['an exchange', '/api/createIntegration', { json: {} }],
    ['a rotation', '/api/rotateToken', { method: 'POST' }],
    ['a revocation', '/api/revokeIntegration', { json: { chatId: 5 } }],
  ])('reads 401 whatever it sends: %s', async (_name, path, init) => {
    const { token } = fixture.grant();
    fixture.grant();
    const res = await fixture.call(path, { token, ...init });
    expect(res.status).toBe(401);
    expect(res.headers.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
    expect((await bodyOf(res)).detail).toContain('rotated or revoked');
  });
});

describe('POST /api/alert', () => {
  it('leaves the proof of the sender to the accept: reads no integration before it', async () => {
    const read = () => Promise.reject(new Error('the integration was read'));
    const lazy = await startApi({
      integrations: { authenticate: read, create: read, update: read, revoke: read, rotate: read },
    });
    const { token } = lazy.grant();
    const res = await lazy.call('/api/alert', { token, json: { message: 'x' } });
    await lazy.stop();
    expect(res.status).toBe(202);
  });
});

describe('requireScope', () => {
  it('refuses a token without the scope with 403, and names it', async () => {
    const token = fixture.grant({ scope: 'integration:read' }).token;
    const res = await fixture.call('/api/alert', { token, json: { message: 'x' } });
    expect(res.status).toBe(403);
    expect(await bodyOf(res)).toMatchObject({
      code: 'scope_missing',
      detail: expect.stringContaining('alert:send'),
    });
    expect(res.headers.get('www-authenticate')).toContain('scope="alert:send"');
  });

  it('lets a setup token do nothing but be exchanged', async () => {
    const { token } = fixture.setup();
    const calls = await Promise.all([
      fixture.call('/api/alert', { token, json: { message: 'x' } }),
      fixture.call(`/api/integrations/${CHAT}`, { token }),
      fixture.call('/api/alerts/00000000-0000-4000-8000-000000000000', { token }),
      fixture.call('/api/rotateToken', { token, method: 'POST' }),
    ]);
    expect(calls.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  });
});

describe('tokens that look alike', () => {
  const detailOf = async (res: Response, status: number): Promise<string> => {
    const body = await bodyOf(res);
    expect([res.status, body.status]).toEqual([status, status]);
    return String(body.detail);
  };
  const alertWith = (token: string) => fixture.call('/api/alert', { token, json: { message: 'x' } });

  it('says that it is a setup token, and what to do with it', async () => {
    const { token } = fixture.setup();
    const calls = [
      alertWith(token),
      fixture.call('/api/alerts/0190a000-0000-7000-8000-000000000000', { token }),
      fixture.call(`/api/integrations/${CHAT}`, { token }),
      fixture.call('/api/rotateToken', { token, method: 'POST' }),
    ];
    for (const call of calls) {
      const detail = await detailOf(await call, 403);
      expect(detail).toContain('This is a setup token');
      expect(detail).toContain('POST /api/createIntegration');
    }
  });

  it('says that it has been used, and which token to take', async () => {
    const { token } = fixture.setup();
    await fixture.call('/api/createIntegration', { token, method: 'POST' });
    const read = () => fixture.call(`/api/integrations/${CHAT}`, { token });
    for (const call of [alertWith(token), read()]) {
      const detail = await detailOf(await call, 401);
      expect(detail).toContain('setup token, and it has already been used');
      expect(detail).toContain('the token in the answer');
    }
    const again = await fixture.call('/api/createIntegration', { token, method: 'POST' });
    expect(await detailOf(again, 409)).toContain('the token in the answer');
  });

  it('says that it was replaced, or has expired', async () => {
    const { token } = fixture.setup();
    fixture.setup();
    expect(await detailOf(await alertWith(token), 401)).toContain('a newer one has replaced it');
    fixture.clock.skew = 301_000;
    expect(await detailOf(await alertWith(token), 401)).toContain(
      'This is a setup token, and it has expired',
    );
    fixture.clock.skew = 0;
  });

  it('says that a token is no setup token', async () => {
    const { token } = fixture.grant();
    const res = await fixture.call('/api/createIntegration', { token, method: 'POST' });
    const detail = await detailOf(res, 403);
    expect(detail).toContain("an integration's token");
    expect(detail).toContain('POST /api/alert');
    fixture.grant();
    await detailOf(await fixture.call('/api/createIntegration', { token, method: 'POST' }), 401);
  });

  it('names the scope that a narrower token was made without', async () => {
    const { token } = fixture.grant({ scope: 'integration:read' });
    const res = await alertWith(token);
    expect(res.headers.get('www-authenticate')).toContain('scope="alert:send"');
    expect(await detailOf(res, 403)).toContain('the scope alert:send, which this one was made without');
  });
});
