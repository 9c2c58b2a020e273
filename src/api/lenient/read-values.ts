import { cutTo, hasVisible, readable } from '../../domain/readable-text.ts';
import type { ReadField } from './field-reader.ts';

const YES: ReadonlySet<unknown> = new Set(['true', '1', 'yes', 'on']);
const NO: ReadonlySet<unknown> = new Set(['false', '0', 'no', 'off']);

export const asItIs: ReadField = (value) => value;

// Blank is left out everywhere: templates and shells leave that of what is not set.

/** Cuts what is longer than `max` characters; nothing to see is nothing. */
export function textUpTo(max: number): ReadField {
  return (value, warn, field) => {
    if (typeof value !== 'string') return value;
    const text = readable(value);
    if (!hasVisible(text)) return undefined;
    if (text.length > max) warn(`${field} has ${text.length} characters: cut to ${max}.`);
    return cutTo(text, max);
  };
}

/** The same in one line. */
export function lineUpTo(max: number): ReadField {
  const read = textUpTo(max);
  return (value, warn, field) =>
    read(
      typeof value === 'string'
        ? readable(value)
            .replace(/\s*[\n\t]\s*/g, ' ')
            .trim()
        : value,
      warn,
      field,
    );
}

/** One of some words, in any case, or under one of its other names. */
export function word(words: readonly string[], others: Readonly<Record<string, string>>): ReadField {
  const known: ReadonlySet<unknown> = new Set(words);
  const byName = new Map(Object.entries(others));
  return (value) => {
    if (known.has(value) || (typeof value !== 'string' && typeof value !== 'number')) return value;
    const name = String(value).trim().toLowerCase();
    if (name === '') return undefined;
    return byName.get(name) ?? (typeof value === 'string' ? name : value);
  };
}

export const yesOrNo: ReadField = (value) => {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const name = String(value).trim().toLowerCase();
  if (name === '') return undefined;
  if (YES.has(name)) return true;
  return NO.has(name) ? false : value;
};

/** Telegram's ids have at most 52 bits; its clients write them with a sign. */
export const chatNumber: ReadField = (value) => {
  if (typeof value !== 'string') return value;
  const digits = value.trim();
  if (digits === '') return undefined;
  return /^[+-]?\d{1,16}$/.test(digits) ? Number(digits) : value;
};

export const wholeNumber: ReadField = (value) => {
  if (typeof value !== 'string') return value;
  const digits = value.trim();
  if (digits === '') return undefined;
  return /^\+?\d{1,15}$/.test(digits) ? Number(digits) : value;
};

/** An address is not cut: half of it would lead elsewhere. */
export function addressUpTo(max: number): ReadField {
  return (value, warn, field) => {
    if (typeof value !== 'string') return value;
    const address = value.trim();
    if (address.length > max) {
      warn(`${field} has ${address.length} characters, ${max} at most are possible: left out.`);
      return undefined;
    }
    return address === '' ? undefined : address;
  };
}

/** A list, or one string with commas. Blank ones are left out, long ones cut, those beyond `most` left out. */
export function listOf(read: ReadField, most: number): ReadField {
  return (value, warn, field) => {
    const list = typeof value === 'string' ? value.split(',') : value;
    if (!Array.isArray(list)) return value;
    const read1 = (item: unknown, index: number) =>
      read(typeof item === 'number' ? String(item) : item, warn, `${field}.${index}`) ?? undefined;
    const kept = list
      .slice(0, most)
      .map(read1)
      .filter((item) => item !== undefined);
    if (list.length > most) warn(`${field} has ${list.length} entries: only the first ${most} are used.`);
    return kept.length === 0 ? undefined : kept;
  };
}

/**
 * ISO 8601 as programs write it: a blank for the T, a comma in the seconds, no seconds, `+0100` and `+01` (`date +%FT%T%z`),
 * `UTC`. Seconds or milliseconds since 1970 count, too: below 10^11 they are seconds (until the year 5138).
 */
const TIME =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:[.,](\d+))?\s?(?:(Z|UTC|GMT)|([+-]\d\d):?(\d\d)?)$/i;
const EPOCH = /^\d{9,13}(?:\.\d+)?$/;
const FIRST_MS = 1e11;

export const time: ReadField = (value) => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return value;
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  if (EPOCH.test(trimmed)) {
    const number = Number(trimmed);
    return new Date(number < FIRST_MS ? number * 1000 : number).toISOString();
  }
  const parts = TIME.exec(trimmed);
  if (parts === null) return value;
  const [, day, minute, second = ':00', fraction, zulu, hours, minutes = '00'] = parts;
  const offset = zulu === undefined ? `${hours}:${minutes}` : 'Z';
  return `${day}T${minute}${second}${fraction === undefined ? '' : `.${fraction}`}${offset}`;
};
