import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextReset, quotaSlot } from '../../../src/domain/quota.ts';

const at = (iso: string) => Date.parse(iso);
const resetOf = (iso: string, zone: string) => new Date(nextReset(at(iso), zone)).toISOString();

describe('the quota of a day', () => {
  it.each([
    ['2026-11-24T12:00:00Z', 'UTC', '2026-11-24'],
    ['2026-11-24T15:00:00Z', 'Asia/Tokyo', '2026-11-25'],
    ['2026-11-24T14:59:59.999Z', 'Asia/Tokyo', '2026-11-24'],
    ['2026-11-25T04:59:59.999Z', 'America/New_York', '2026-11-24'],
    ['2026-11-24T18:30:00Z', 'Asia/Kolkata', '2026-11-25'],
    ['2026-11-24T10:00:00Z', 'Pacific/Kiritimati', '2026-11-25'],
    ['2028-02-29T12:00:00Z', 'UTC', '2028-02-29'],
    ['2026-12-31T23:30:00Z', 'Europe/Berlin', '2027-01-01'],
  ])('at %s in %s belongs to %s', (iso, zone, slot) => {
    expect(quotaSlot(at(iso), zone)).toBe(slot);
  });

  it.each([
    ['2026-11-24T12:00:00Z', 'UTC', '2026-11-25T00:00:00.000Z'],
    // At midnight itself the day has just begun.
    ['2026-11-24T00:00:00Z', 'UTC', '2026-11-25T00:00:00.000Z'],
    ['2026-11-24T23:59:59.999Z', 'UTC', '2026-11-25T00:00:00.000Z'],
    ['2026-11-24T12:00:00Z', 'Asia/Tokyo', '2026-11-24T15:00:00.000Z'],
    // Berlin: a day of 23 hours in spring, one of 25 in autumn.
    ['2026-03-28T23:00:00Z', 'Europe/Berlin', '2026-03-29T22:00:00.000Z'],
    ['2026-10-24T22:00:00Z', 'Europe/Berlin', '2026-10-25T23:00:00.000Z'],
    // Santiago skips midnight: the day begins at 01:00.
    ['2026-09-05T12:00:00Z', 'America/Santiago', '2026-09-06T04:00:00.000Z'],
    // The Azores have two hours from 00:00 to 01:00: the first midnight counts.
    ['2026-10-24T12:00:00Z', 'Atlantic/Azores', '2026-10-25T00:00:00.000Z'],
    ['2026-10-25T01:30:00Z', 'Atlantic/Azores', '2026-10-26T01:00:00.000Z'],
  ])('at %s in %s is next reset at %s', (iso, zone, expected) => {
    expect(resetOf(iso, zone)).toBe(expected);
  });

  it('lasts to its reset, wherever and whenever', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/Santiago',
      'Africa/Cairo',
      'America/Havana',
      'Asia/Kolkata',
    ];
    const moments = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2029-01-01T00:00:00Z') });
    fc.assert(
      fc.property(moments, fc.constantFrom(...zones), (now, zone) => {
        const reset = nextReset(now, zone);
        expect(reset - now).toBeGreaterThan(0);
        expect(reset - now).toBeLessThanOrEqual(25 * 3_600_000);
        expect(quotaSlot(reset - 1, zone)).toBe(quotaSlot(now, zone));
        expect(quotaSlot(reset, zone) > quotaSlot(now, zone)).toBe(true);
      }),
    );
  });

  it('cannot be told in an unknown time zone', () => {
    expect(() => quotaSlot(0, 'Mars/Olympus')).toThrow(RangeError);
    expect(() => nextReset(0, 'Mars/Olympus')).toThrow(RangeError);
  });
});
