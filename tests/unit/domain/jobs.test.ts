import { describe, expect, it } from 'vitest';
import { isOwed, type JobHistory, lastDue, overdueJobs } from '../../../src/domain/jobs.ts';

const at = (iso: string) => Date.parse(iso);
const HOUR = 3_600_000;

it.each([
  ['backup', '2026-11-24T03:00:00Z', 'UTC', '2026-11-24T03:00:00Z'],
  ['backup', '2026-11-24T02:59:59Z', 'UTC', '2026-11-23T03:00:00Z'],
  ['reset-quotas', '2026-11-24T23:59:59Z', 'UTC', '2026-11-24T00:00:00Z'],
  ['reset-quotas', '2026-11-24T15:00:00Z', 'Asia/Tokyo', '2026-11-24T15:00:00Z'],
  // The clocks skip midnight, or three o'clock.
  ['reset-quotas', '2026-09-06T12:00:00Z', 'America/Santiago', '2026-09-06T04:00:00Z'],
  ['backup', '2026-03-29T12:00:00Z', 'Europe/Athens', '2026-03-29T01:00:00Z'],
] as const)('%s was last due at %s in %s', (job, now, timeZone, due) => {
  expect(new Date(lastDue(job, at(now), timeZone)).toISOString()).toBe(new Date(due).toISOString());
});

describe('overdue', () => {
  const midnight = at('2026-11-24T00:00:00Z');
  const installedAt = midnight - 100 * HOUR;
  const fine: JobHistory = {
    installedAt,
    lastSuccess: { 'reset-quotas': midnight + 10, backup: midnight - 21 * HOUR, upkeep: midnight + 10 },
  };
  const look = (history: JobHistory, now: number, since = installedAt) =>
    overdueJobs(history, { now, since, timeZone: 'UTC' });

  it('is upkeep after a minute, the reset after 5 minutes and the backup after an hour', () => {
    const now = midnight + 3 * HOUR;
    const ran = { ...fine.lastSuccess, upkeep: now };
    expect(look({ installedAt, lastSuccess: ran }, now + 60_000)).toEqual([]);
    expect(look({ installedAt, lastSuccess: ran }, now + 60_001)).toEqual(['upkeep']);
    expect(look({ installedAt, lastSuccess: { ...ran, upkeep: now + HOUR } }, now + HOUR + 1)).toEqual([
      'backup',
    ]);
    const missed = { ...fine.lastSuccess, 'reset-quotas': midnight - 1, upkeep: midnight + 300_000 };
    expect(look({ installedAt, lastSuccess: missed }, midnight + 300_000)).toEqual([]);
    expect(look({ installedAt, lastSuccess: missed }, midnight + 300_001)).toEqual(['reset-quotas']);
  });

  it('counts from when we look: a service that was down for days may catch up first', () => {
    const now = midnight + 200 * HOUR;
    expect(look(fine, now + 60_000, now)).toEqual([]);
    expect(look(fine, now + HOUR + 1, now)).toEqual(['reset-quotas', 'backup', 'upkeep']);
  });

  it('is noticed though a clock that was ahead has written down its successes', () => {
    const now = midnight + 4 * HOUR;
    const ahead = now + 48 * HOUR;
    const lastSuccess = { 'reset-quotas': midnight + 10, backup: ahead, upkeep: now + HOUR };
    expect(look({ installedAt, lastSuccess }, now + 60_000, now)).toEqual([]);
    expect(look({ installedAt, lastSuccess }, now + HOUR - 1, now - HOUR)).toEqual(['backup', 'upkeep']);
    expect(isOwed('backup', { installedAt, lastSuccess }, now, 'UTC')).toBe(true);
    // Set back by an hour after the backup: it was made.
    const made = { ...lastSuccess, backup: midnight + 3 * HOUR + 10 };
    expect(isOwed('backup', { installedAt, lastSuccess: made }, midnight + 2.5 * HOUR, 'UTC')).toBe(false);
  });

  it('is noticed where no scheduler ever ran', () => {
    const nothing: JobHistory = { installedAt: undefined, lastSuccess: {} };
    expect(look(nothing, midnight - HOUR + 60_001, midnight - HOUR)).toEqual(['upkeep']);
    expect(look(nothing, midnight + 4 * HOUR + 1, midnight - HOUR)).toEqual([
      'reset-quotas',
      'backup',
      'upkeep',
    ]);
  });
});

it('owes no backup of the nights before the installation', () => {
  const now = at('2026-11-24T12:00:00Z');
  expect(isOwed('backup', { installedAt: now - HOUR, lastSuccess: {} }, now, 'UTC')).toBe(false);
  expect(isOwed('backup', { installedAt: now - 10 * HOUR, lastSuccess: {} }, now, 'UTC')).toBe(true);
  expect(
    isOwed('backup', { installedAt: now - 90 * HOUR, lastSuccess: { backup: now - 8 * HOUR } }, now, 'UTC'),
  ).toBe(false);
});
