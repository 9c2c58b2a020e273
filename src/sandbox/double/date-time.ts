import { badRequest } from './refusals.ts';
import type { Entity } from './types.ts';

/** `r` (relative) or any of: day of the week, short or long date, short or long time. */
const DATE_TIME_FORMAT = /^(r|w?[dD]?[tT]?)$/;

/** What a `date_time` says besides its place. @throws Refusal 400 */
export function checkDateTime(
  time: unknown,
  format: unknown = '',
): Pick<Entity, 'unix_time' | 'date_time_format'> {
  if (!Number.isInteger(time) || Number(time) < 0)
    throw badRequest("can't parse MessageEntity: invalid date_time unix_time specified");
  if (typeof format !== 'string' || !DATE_TIME_FORMAT.test(format))
    throw badRequest("can't parse MessageEntity: invalid date_time_format specified");
  return { unix_time: Number(time), date_time_format: format };
}
