import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const wrong = () => false;
  const right = () => true;

  /** Ten wrong passwords of this address. */
  async function failed(address = '10.0.0.1') {
    const failures = createFailedSignIns({ now: () => Date.now() });
    for (let i = 0; i < 10; i++)
      expect(await failures.attempt(address, wrong)).toEqual({ isRight: false, isLimited: false });
    return failures;
  }

  /** Whether it has ended by now. */
  async function hasEnded(attempt: Promise<unknown>): Promise<boolean> {
    let ended = false;
    void attempt.finally(() => {
      ended = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    return ended;
  }

  it('of 10 make an address wait a second for each further try, for 10 minutes, and not another one', async () => {
    const failures = await failed();
    const tries = [failures.attempt('10.0.0.1', wrong), failures.attempt('10.0.0.1', right)];
    expect(await failures.attempt('10.0.0.2', wrong)).toMatchObject({ isLimited: false });
    await vi.advanceTimersByTimeAsync(999);
    expect(await Promise.all(tries.map(hasEnded))).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await tries[0]).toEqual({ isRight: false, isLimited: true });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await tries[1]).toEqual({ isRight: true, isLimited: false });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await failures.attempt('10.0.0.1', wrong)).toEqual({ isRight: false, isLimited: false });
  });

  it('let no more than 10 tries of an address wait: the others are not looked at', async () => {
    const failures = await failed();
    let looks = 0;
    const look = () => {
      looks += 1;
      return true;
    };
    const tries = Array.from({ length: 200 }, () => failures.attempt('10.0.0.1', look));
    const settled = Promise.allSettled(tries);
    await vi.advanceTimersByTimeAsync(60_000);
    const results = await settled;
    expect(looks).toBe(10);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(190);
    await expect(tries[199]).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: 10 });
  });
});
