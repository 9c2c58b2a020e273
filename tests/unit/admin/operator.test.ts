import { describe, expect, it } from 'vitest';
import { createOperatorCredentials } from '../../../src/admin/sign-in/credentials.ts';
import { createFailedSignIns } from '../../../src/admin/sign-in/failed-sign-ins.ts';

const HOUR = 3_600_000;

describe('operator sessions', () => {
  let now = 1_000_000;
  const clock = { now: () => now };
  const base = { user: 'admin', password: 'pass:word', sessionKey: Buffer.alloc(32, 1), clock };
  const credentials = createOperatorCredentials(base);

  it('hold for 12 hours and not longer', () => {
    const { value, maxAgeSeconds } = credentials.issueSession();
    expect(maxAgeSeconds).toBe(43_200);
    now += 12 * HOUR - 1;
    expect(credentials.isSession(value)).toBe(true);
    now += 1;
    expect(credentials.isSession(value)).toBe(false);
  });

  it('end when the key, the name or the password changes, and cannot be prolonged', () => {
    const { value } = credentials.issueSession();
    for (const change of [{ sessionKey: Buffer.alloc(32, 2) }, { user: 'root' }, { password: 'other' }]) {
      expect(createOperatorCredentials({ ...base, ...change }).isSession(value)).toBe(false);
    }
    expect(createOperatorCredentials(base).isSession(value)).toBe(true);
    const [header, claims = '', signature] = value.split('.');
    const { sub, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    const prolonged = Buffer.from(JSON.stringify({ sub, exp: exp + 99 * HOUR })).toString('base64url');
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    for (const forged of [
      `${header}.${prolonged}.${signature}`,
      `${unsigned}.${claims}.`,
      `${header}.${claims}.`,
      '..',
      '',
    ])
      expect([forged, credentials.isSession(forged)]).toEqual([forged, false]);
  });

  it('need both name and password', () => {
    expect(credentials.matches('admin', 'pass:word')).toBe(true);
    for (const [user, password] of [
      ['admin', 'pass'],
      ['Admin', 'pass:word'],
      ['', ''],
    ] as const) {
      expect(credentials.matches(user, password)).toBe(false);
    }
  });
});

describe('failed sign-ins', () => {
  it('stop an address after 10, for 10 minutes, and not another one', () => {
    let now = 1;
    const failures = createFailedSignIns({ now: () => now });
    for (let i = 0; i < 10; i++) {
      failures.check('10.0.0.1');
      failures.add('10.0.0.1');
    }
    expect(() => failures.check('10.0.0.1')).toThrow(expect.objectContaining({ retryAfterSeconds: 600 }));
    failures.check('10.0.0.2');
    now += 600_000;
    failures.check('10.0.0.1');
  });

  it('count an IPv6 network as one address', () => {
    const failures = createFailedSignIns({ now: () => 1 });
    for (let i = 0; i < 10; i++) failures.add(`2001:db8::${i}`);
    expect(() => failures.check('2001:db8:0:1::9')).toThrow();
  });
});
