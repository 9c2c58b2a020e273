import { expect, it } from 'vitest';
import { createGlance } from '../../../src/services/statistics/glance.ts';

const MINUTE_MS = 60_000;
const NOW = Date.parse('2026-11-27T13:44:20Z');

it('the sends of the last hour have the minute under way, up to this very moment', async () => {
  const sends = [NOW - 61 * MINUTE_MS, NOW - MINUTE_MS, NOW - 20_000, NOW - 1, NOW];
  const glance = createGlance({
    clock: { now: () => NOW },
    timeZone: 'UTC',
    cipher: { hashChat: String },
    statistics: {
      quotaHits: async () => [],
      openIncidents: async () => ({ open: 0, acknowledged: 0, newest: [] }),
      // As the database does: by whole minutes from `from`, without `to`.
      async sendsByMinute(from, to) {
        const counts = new Map<number, number>();
        for (const at of sends.filter((one) => one >= from && one < to)) {
          const minute = Math.floor((at - from) / MINUTE_MS);
          counts.set(minute, (counts.get(minute) ?? 0) + 1);
        }
        return counts;
      },
    },
  });
  const { perMinute, thisMinute } = await glance.sends();
  expect([perMinute.length, perMinute.at(-1), thisMinute]).toEqual([60, 1, 3]);
  expect(perMinute.reduce((sum, one) => sum + one)).toBe(1);
});
