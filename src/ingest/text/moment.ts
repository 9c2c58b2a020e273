const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * "27 Nov 14:02 UTC", for a person; the year is that of whoever reads it at once. Undefined for no time, and for Go's zero
 * time, which means none.
 */
export function moment(time: string | null | undefined): string | undefined {
  const ms = Date.parse(time ?? '');
  if (Number.isNaN(ms) || ms <= 0) return undefined;
  const date = new Date(ms);
  const clock = date.toISOString().slice(11, 16);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${clock} UTC`;
}

/** "since 27 Nov 14:02 UTC". */
export function since(time: string | null | undefined): string | undefined {
  const at = moment(time);
  return at === undefined ? undefined : `since ${at}`;
}
