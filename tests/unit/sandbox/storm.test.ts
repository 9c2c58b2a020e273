import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStorm, type StormAlert, stormAlerts } from '../../../src/sandbox/storm.ts';

describe('the storm', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is 50 alerts: two problems that repeat themselves, of which one ends last, and two single events', () => {
    const alerts = stormAlerts();
    expect(alerts).toHaveLength(50);
    const keys = new Set(alerts.map(({ key }) => key));
    const counts = [...keys].map((key) => [key, alerts.filter((one) => one.key === key).length]);
    expect(counts).toEqual([
      ['storm: disk', 30],
      ['storm: api', 18],
      [undefined, 2],
    ]);
    expect(alerts.filter(({ resolve }) => resolve)).toEqual([alerts.at(-1)]);
  });

  it('is sent one after the other, one storm at a time, and another one after it', async () => {
    const sent: [number, StormAlert][] = [];
    const storm = createStorm({ send: async (chatId, alert) => void sent.push([chatId, alert]) });
    expect(await storm.start(5)).toBe(true);
    expect(sent).toHaveLength(1);
    expect(await storm.start(5)).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent.map(([, alert]) => alert)).toEqual(stormAlerts());
    expect(await storm.start(6)).toBe(true);
    storm.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent.filter(([chatId]) => chatId === 6)).toHaveLength(1);
  });

  it('says what refuses its first alert, and can be tried again', async () => {
    const send = vi.fn().mockRejectedValueOnce(new Error('no quota left')).mockResolvedValue(undefined);
    const storm = createStorm({ send });
    await expect(storm.start(5)).rejects.toThrow('no quota left');
    expect(await storm.start(5)).toBe(true);
  });
});
