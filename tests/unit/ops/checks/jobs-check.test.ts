import { expect, it } from 'vitest';
import type { JobHistory, JobName } from '../../../../src/domain/jobs.ts';
import { createJobsCheck } from '../../../../src/ops/checks/jobs-check.ts';

const MIDNIGHT = Date.parse('2026-11-24T00:00:00Z');
const HOUR_MS = 3_600_000;

/** A check since noon of the day before, when all was well. */
function setUp() {
  const clock = { ms: MIDNIGHT - 12 * HOUR_MS, now: () => clock.ms };
  const lastSuccess: Partial<Record<JobName, number>> = {
    upkeep: clock.ms,
    'reset-quotas': MIDNIGHT - 24 * HOUR_MS,
    backup: MIDNIGHT - 21 * HOUR_MS,
  };
  let history = async (): Promise<JobHistory> => ({ installedAt: MIDNIGHT - 100 * HOUR_MS, lastSuccess });
  const check = createJobsCheck({ history: () => history(), clock, timeZone: 'UTC' });
  return {
    check,
    lastSuccess,
    /** All that the check says at this time, ms after midnight; upkeep has just succeeded unless told otherwise. */
    at: async (ms: number, upkeep = ms) => {
      clock.ms = MIDNIGHT + ms;
      lastSuccess.upkeep = MIDNIGHT + upkeep;
      const finding = await check();
      return finding.ok ? 'ok' : finding.reason;
    },
    fail: () => {
      history = () => Promise.reject(new Error('away'));
    },
  };
}

it('tells which job is overdue: upkeep after a minute, the reset after 5, the backup after an hour', async () => {
  const { at, lastSuccess } = setUp();
  expect(await at(-60_000, -120_000)).toBe('ok');
  expect(await at(-59_999, -120_000)).toBe('upkeep_overdue');
  expect(await at(300_000)).toBe('ok');
  expect(await at(300_001)).toBe('reset_overdue');
  lastSuccess['reset-quotas'] = MIDNIGHT + 300_002;
  expect(await at(300_003)).toBe('ok');
  expect(await at(4 * HOUR_MS)).toBe('ok');
  expect(await at(4 * HOUR_MS + 1)).toBe('backup_overdue');
  lastSuccess.backup = MIDNIGHT + 4 * HOUR_MS + 2;
  expect(await at(4 * HOUR_MS + 3)).toBe('ok');
});

it('tells the worst of several', async () => {
  const { at, lastSuccess } = setUp();
  expect(await at(5 * HOUR_MS, 0)).toBe('upkeep_overdue');
  expect(await at(5 * HOUR_MS)).toBe('reset_overdue');
  lastSuccess['reset-quotas'] = MIDNIGHT + HOUR_MS;
  expect(await at(5 * HOUR_MS)).toBe('backup_overdue');
});

it('gives a service that was down time to catch up', async () => {
  const { lastSuccess } = setUp();
  const clock = { ms: MIDNIGHT + 50 * HOUR_MS, now: () => clock.ms };
  const history = async () => ({ installedAt: MIDNIGHT - 100 * HOUR_MS, lastSuccess });
  const check = createJobsCheck({ history, clock, timeZone: 'UTC' });
  clock.ms += 60_000;
  expect(await check()).toEqual({ ok: true });
  clock.ms += 1;
  expect(await check()).toEqual({ ok: false, reason: 'upkeep_overdue' });
});

it('fails where the database cannot be asked, which health calls unavailable', async () => {
  const { check, fail } = setUp();
  fail();
  await expect(check()).rejects.toThrow('away');
});
