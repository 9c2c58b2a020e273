import { readFileSync } from 'node:fs';

/** What TLS needs beside the system's authorities; each is read from the file that the URL names. */
type Tls = { readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string } };
type Auth = { readonly username?: string; readonly password?: string };
type SentinelAuth = { readonly sentinelUsername?: string; readonly sentinelPassword?: string };
type Host = { readonly host: string; readonly port: number };

export type ParsedRedisUrl =
  | { readonly kind: 'single'; readonly url: string; readonly tls: Tls }
  | {
      readonly kind: 'sentinel';
      readonly hosts: readonly Host[];
      readonly master: string;
      readonly auth: Auth;
      readonly sentinelAuth: SentinelAuth;
      readonly tls: Tls;
    }
  | { readonly kind: 'cluster'; readonly hosts: readonly Host[]; readonly auth: Auth; readonly tls: Tls };

const REDIS_PORT = 6_379;
const SENTINEL_PORT = 26_379;
const URL_PATTERN =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/;
const TLS_FILES = ['ca', 'cert', 'key'] as const;

/**
 * Splits a REDIS_URL (docs/redis.md has its forms and parameters).
 * @throws RangeError where the URL is of none of the known forms; never repeats it, it may hold a password
 * @throws Error when a file that the URL names cannot be read
 */
export function parseRedisUrl(url: string): ParsedRedisUrl {
  const match = URL_PATTERN.exec(url);
  const [, scheme, mode, credentials = '', hostList = '', path = '', query = ''] = match ?? [];
  if (scheme === undefined) throw new RangeError('REDIS_URL is not a redis:// or rediss:// URL');
  const parameters = new URLSearchParams(query);
  const tls: Tls = scheme === 'rediss' ? { tls: readTlsFiles(parameters) } : {};
  if (mode === undefined) return { kind: 'single', url: url.replace(/\?.*$/, ''), tls };
  const defaultPort = mode === 'sentinel' ? SENTINEL_PORT : REDIS_PORT;
  const hosts = hostList.split(',').map((entry) => splitHost(entry, defaultPort));
  const auth = splitCredentials(credentials);
  if (mode === 'cluster') return { kind: 'cluster', hosts, auth, tls };
  if (path === '') throw new RangeError('REDIS_URL for Sentinel ends with the name of the master: /mymaster');
  const sentinelAuth = pick(parameters, ['sentinelUsername', 'sentinelPassword']);
  return { kind: 'sentinel', hosts, master: decodeURIComponent(path), auth, sentinelAuth, tls };
}

function readTlsFiles(parameters: URLSearchParams): NonNullable<Tls['tls']> {
  const files = Object.entries(pick(parameters, TLS_FILES));
  return Object.fromEntries(files.map(([name, file]) => [name, readFileSync(file, 'utf8')]));
}

function pick<N extends string>(
  parameters: URLSearchParams,
  names: readonly N[],
): { readonly [name in N]?: string } {
  const given = names.map((name) => [name, parameters.get(name)]).filter(([, value]) => value !== null);
  // Object.fromEntries forgets which names there can be.
  return Object.fromEntries(given) as { readonly [name in N]?: string };
}

/** host, host:port, [IPv6] or [IPv6]:port */
function splitHost(entry: string, defaultPort: number): Host {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const host = bracketed ?? plain;
  if (host === '') throw new RangeError('REDIS_URL names no host');
  return { host, port: port === undefined ? defaultPort : Number(port) };
}

function splitCredentials(credentials: string): Auth {
  const colon = credentials.indexOf(':');
  const username = decodeURIComponent(colon < 0 ? '' : credentials.slice(0, colon));
  const password = decodeURIComponent(colon < 0 ? credentials : credentials.slice(colon + 1));
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}
