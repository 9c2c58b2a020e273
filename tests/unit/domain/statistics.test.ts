import { describe, expect, it } from 'vitest';
import { addDays, boundsOf, dayOf, daysBetween, isDate, SLOT_MS } from '../../../src/domain/statistics.ts';

describe('the days of the statistics', () => {
  it.each([
    ['2026-11-24', 'UTC', '2026-11-24T00:00Z', 24],
    ['2026-03-29', 'Europe/Madrid', '2026-03-28T23:00Z', 23],
    ['2026-10-25', 'Europe/Madrid', '2026-10-24T22:00Z', 25],
    ['2026-11-24', 'Asia/Kathmandu', '2026-11-23T18:15Z', 24],
    // Midnight comes twice: the day begins with the first.
    ['2026-11-01', 'America/Havana', '2026-11-01T04:00Z', 25],
  ])('%s in %s begins at %s and has %i hours', (date, zone, begin, hours) => {
    const { from, to } = boundsOf(date, zone);
    expect(new Date(from).toISOString()).toBe(new Date(begin).toISOString());
    expect((to - from) / 3_600_000).toBe(hours);
    expect([dayOf(from, zone), dayOf(to - 1, zone), dayOf(to, zone)]).toEqual([date, date, addDays(date, 1)]);
    expect(from % SLOT_MS).toBe(0);
  });

  it('follow each other, over months and leap days', () => {
    expect(daysBetween('2028-02-28', '2028-03-01')).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
    expect(daysBetween('2026-01-02', '2026-01-01')).toEqual([]);
    expect(['2028-02-29', '2026-02-29', '2026-1-1', 'x'].map(isDate)).toEqual([true, false, false, false]);
  });
});
