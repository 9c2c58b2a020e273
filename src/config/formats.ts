import { resolve } from 'node:path';
import { IANAZone } from 'luxon';
import * as z from 'zod';
import { parseUrl } from '../domain/parse-url.ts';
import { DATABASE_URL_FORMS, parseDatabaseUrl } from './database-url.ts';
import { PROXY_URL_FORMS, parseProxyUrl } from './proxy.ts';
import { parseRedisUrl, REDIS_URL_FORMS } from './redis-url.ts';

/**
 * The formats of environment values. Each message says what to write and never repeats what was written: it may be a
 * secret in the wrong place.
 */

export const ROLES = ['api', 'worker', 'bot', 'scheduler'] as const;
export type Role = (typeof ROLES)[number];

export const REGISTRATIONS = ['open', 'invite'] as const;
export type Registration = (typeof REGISTRATIONS)[number];

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Text as it is: no form to hold. */
export const text = z.string();

/** A whole number of `unit` within bounds (inclusive), in decimal digits, and how to say so. */
export function integer(min: number, max: number, unit = 'whole number') {
  const message = `must be a whole number from ${min} to ${max}`;
  const schema = z
    .string()
    .regex(/^\d{1,10}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
  return { schema, type: `${unit}, ${min} to ${max}` };
}

export function pattern(form: RegExp, message: string) {
  return z.string().regex(form, message);
}

export function oneOf<const T extends readonly string[]>(names: T) {
  return z.enum(names, `must be one of ${names.join(', ')}`);
}

/** A path; relative ones are taken from the working directory at the time of reading, so that a later change is harmless. */
export const directory = z.string().transform((path) => resolve(path));

export const roleList = z.string().transform((list, context): ReadonlySet<Role> => {
  const names = list.split(',').map((name) => name.trim().toLowerCase());
  const known = names.filter((name): name is Role => (ROLES as readonly string[]).includes(name));
  if (known.length < names.length) {
    context.addIssue({
      code: 'custom',
      message: `must be a comma-separated list of ${ROLES.join(', ')}`,
    });
  }
  return new Set(known);
});

export const timeZone = z
  .string()
  .refine((name) => IANAZone.isValidZone(name), 'must be an IANA time zone such as UTC or Europe/Madrid');

/** True for names and addresses that never leave this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Where updates go if WEBHOOK_URL names a host alone: `/` is the first page. */
const WEBHOOK_PATH = '/telegram/updates';
const WEBHOOK = 'must be an https:// URL without user or password (http:// only for a loopback address)';
export const webhookUrl = z
  .string()
  .refine((text) => {
    const url = parseUrl(text);
    if (url === undefined || url.username !== '' || url.password !== '') return false;
    return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  }, WEBHOOK)
  .refine(
    (text) => !/^\/(?:api|admin|health|metrics|sandbox)(?:\/|$)/.test(parseUrl(text)?.pathname ?? ''),
    `must not end in a path that this service uses itself: use one such as ${WEBHOOK_PATH}`,
  )
  .transform((text) => {
    const url = new URL(text);
    return url.pathname === '/' ? new URL(WEBHOOK_PATH, url).href : text;
  });

/** Without trailing slashes, so that a path can follow. */
export const publicUrl = z
  .string()
  .refine((text) => {
    const url = parseUrl(text);
    const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
    return isPlain && /^https?:$/.test(url.protocol) && /^[\w./~-]*$/.test(url.pathname);
  }, 'must be an http:// or https:// URL, with a path if need be, but without user, password or query')
  .transform((text) => new URL(text).href.replace(/\/+$/, ''));

export const apiRoot = z.string().refine((text) => {
  const url = parseUrl(text);
  return url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
}, 'must be an http:// or https:// URL without a query');

/** A text that `parse` takes apart, or throws a RangeError. */
function parsed<T>(parse: (text: string) => T, message: string) {
  return z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
  });
}

export const redisUrl = parsed(parseRedisUrl, REDIS_URL_FORMS);
export const proxyUrl = parsed(parseProxyUrl, PROXY_URL_FORMS);
export const databaseUrl = parsed(parseDatabaseUrl, DATABASE_URL_FORMS);

/** Telegram's, up to 52 bits; negative for groups and channels. */
export const chatId = z
  .string()
  .regex(
    /^-?[1-9]\d{0,15}$/,
    "must be a chat's id, a number such as 123456789 or -1001234567890: `/id` shows it",
  )
  .transform(Number)
  .refine(Number.isSafeInteger, 'is no chat id: it is too long');

/** At most one pair of braces, not empty: what is inside decides the Redis Cluster slot. */
export const queuePrefix = pattern(
  /^(?=.{1,64}$)[A-Za-z0-9_.:-]*(?:\{[A-Za-z0-9_.:-]+\})?[A-Za-z0-9_.:-]*$/,
  'must be 1 to 64 of the characters A-Z a-z 0-9 _ . : - with at most one pair of braces, as in {pingui:queue}',
);
