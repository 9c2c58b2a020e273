import type { Clock } from '../../services/ports/clock.ts';
import type { ReadField } from './field-reader.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** "30m", "90 s", "2 hours", "1 day". */
const DURATION =
  /^(\d{1,6})\s*(?:(s)(?:ecs?|econds?)?|(m)(?:ins?|inutes?)?|(h)(?:rs?|ours?)?|(d)(?:ays?)?)$/i;

/** A time from now, as ntfy writes it, in the form that `deliverAt` has; what is none, as it is. */
export function createDelay(clock: Clock): ReadField {
  return (value) => {
    const match = typeof value === 'string' ? DURATION.exec(value.trim()) : null;
    if (match === null) return value;
    const [, count, ...units] = match;
    const unit = units.find((one) => one !== undefined)?.toLowerCase() ?? 's';
    return new Date(clock.now() + Number(count) * (UNITS[unit] ?? 1) * 1000).toISOString();
  };
}
