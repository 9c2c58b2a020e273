import { DateTime } from 'luxon';

/** The date (YYYY-MM-DD) whose quota is in force at `now` (epoch ms) in the IANA time zone. Names a reset's slot. */
export function quotaSlot(now: number, timeZone: string): string {
  return DateTime.fromMillis(now, { zone: timeZone }).toISODate() ?? failOnZone(timeZone);
}

/** When (epoch ms) the quotas are next reset: the start of the next day in the IANA time zone. */
export function nextReset(now: number, timeZone: string): number {
  const midnight = DateTime.fromMillis(now, { zone: timeZone }).plus({ days: 1 }).startOf('day');
  // Where the clocks go back to midnight there are two of them (Azores, Havana): the day begins with the first.
  const [first = midnight] = midnight.getPossibleOffsets();
  return first.isValid ? first.toMillis() : failOnZone(timeZone);
}

function failOnZone(timeZone: string): never {
  throw new RangeError(`not an IANA time zone: ${timeZone}`);
}
