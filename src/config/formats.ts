import { isAbsolute, resolve } from 'node:path';
import { IANAZone } from 'luxon';
import { z } from 'zod';

/**
 * The forms of environment values. Each message says what to write and never repeats what was written, since the value
 * may be a secret in the wrong place.
 */

export const ROLES = ['api', 'worker', 'bot', 'scheduler'] as const;
export type Role = (typeof ROLES)[number];

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A whole number within bounds (inclusive), in decimal digits. */
export function integer(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
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
      message: `must be a list, separated by commas, of ${ROLES.join(', ')}`,
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

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

const WEBHOOK = 'must be an https:// URL without user or password (http:// only for this machine itself)';
export const webhookUrl = z.string().refine((text) => {
  const url = parseUrl(text);
  if (url === undefined || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}, WEBHOOK);

export const apiRoot = z.string().refine((text) => {
  const url = parseUrl(text);
  return url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
}, 'must be an http:// or https:// URL without query');

/** host or host:port, IPv6 in brackets. */
const HOST_PORT = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;
const REDIS =
  /^rediss?(?:\+(sentinel|cluster))?:\/\/(?:[^@/?#\s]*@)?([^@/?#\s]+)(?:\/([^/?#\s]*))?(?:\?[^#\s]*)?$/;
const REDIS_FORMS =
  'must be redis://[user:password@]host:port[/database] (rediss:// for TLS), ' +
  'redis+sentinel://host:port,host:port/<name of the master> or redis+cluster://host:port,host:port';

export const redisUrl = z.string().refine((text) => {
  const [, mode, hosts = '', path = ''] = REDIS.exec(text) ?? [];
  const entries = hosts.split(',');
  const named = entries.every((entry) => {
    const match = HOST_PORT.exec(entry);
    return match !== null && Number(match[1] ?? 1) >= 1 && Number(match[1] ?? 1) <= 65_535;
  });
  if (!named) return false;
  if (mode === 'sentinel') return path !== '';
  if (mode === 'cluster') return path === '';
  return entries.length === 1 && /^\d{0,4}$/.test(path);
}, REDIS_FORMS);

/** Where the data lives. `file` is absolute. */
export type DatabaseTarget =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

const DATABASE = 'must be sqlite:<path of a file> or postgres://user:password@host:port/database';
export const databaseUrl = z.string().transform((text, context): DatabaseTarget => {
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return { kind: 'postgres', url: text };
  const path = /^sqlite:(.+)$/.exec(text)?.[1];
  // sqlite://x could mean a host or a folder; memory would lose the ledger with the process.
  const clear =
    path !== undefined && !path.includes(':memory:') && (!path.startsWith('//') || path.startsWith('///'));
  if (path !== undefined && clear) {
    const plain = path.replace(/^\/+/, '/');
    return { kind: 'sqlite', file: isAbsolute(plain) ? plain : resolve(plain) };
  }
  context.addIssue({ code: 'custom', message: DATABASE });
  return z.NEVER;
});

/** At most one pair of braces, not empty: what is inside decides the Redis Cluster slot. */
export const queuePrefix = pattern(
  /^(?=.{1,64}$)[A-Za-z0-9_.:-]*(?:\{[A-Za-z0-9_.:-]+\})?[A-Za-z0-9_.:-]*$/,
  'must be 1 to 64 of the characters A-Z a-z 0-9 _ . : - with at most one pair of braces, as in {pingui:queue}',
);
