/** Files beside the system's authorities that TLS needs; undefined: no TLS. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}
type Auth = { readonly username?: string; readonly password?: string };
type SentinelAuth = { readonly sentinelUsername?: string; readonly sentinelPassword?: string };
type Host = { readonly host: string; readonly port: number };

/** A REDIS_URL, taken apart. */
export type RedisUrl = { readonly tls: TlsFiles | undefined } & (
  | { readonly kind: 'single'; readonly url: string }
  | {
      readonly kind: 'sentinel';
      readonly hosts: readonly Host[];
      readonly master: string;
      readonly auth: Auth;
      readonly sentinelAuth: SentinelAuth;
    }
  | { readonly kind: 'cluster'; readonly hosts: readonly Host[]; readonly auth: Auth }
);

/** What a REDIS_URL can be, for whoever wrote another one. */
export const REDIS_URL_FORMS =
  'must be redis://[user:password@]host:port[/database] (rediss:// for TLS), ' +
  'redis+sentinel://host:port,host:port/<master name> or redis+cluster://host:port,host:port';

const REDIS_PORT = 6_379;
const SENTINEL_PORT = 26_379;
const URL_PATTERN =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)(?:\/([^/?#\s]*))?(?:\?([^#\s]*))?$/;
/** host or host:port, IPv6 in brackets. */
const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/;

/**
 * Takes a REDIS_URL apart (docs/redis.md has its forms and parameters).
 * @throws RangeError where it is of none of the known forms; never repeats it, it may hold a password
 */
export function parseRedisUrl(url: string): RedisUrl {
  const [, scheme, mode, credentials = '', hostList = '', path = '', query = ''] =
    URL_PATTERN.exec(url) ?? [];
  if (scheme === undefined) throw new RangeError(REDIS_URL_FORMS);
  const hosts = hostList
    .split(',')
    .map((entry) => splitHost(entry, mode === 'sentinel' ? SENTINEL_PORT : REDIS_PORT));
  const parameters = new URLSearchParams(query);
  const tls = scheme === 'rediss' ? pick(parameters, ['ca', 'cert', 'key']) : undefined;
  const auth = splitCredentials(credentials);
  switch (mode) {
    case 'cluster':
      if (path !== '') throw new RangeError(REDIS_URL_FORMS);
      return { kind: 'cluster', hosts, auth, tls };
    case 'sentinel': {
      if (path === '') throw new RangeError(REDIS_URL_FORMS);
      const sentinelAuth = pick(parameters, ['sentinelUsername', 'sentinelPassword']);
      return { kind: 'sentinel', hosts, master: decodeURIComponent(path), auth, sentinelAuth, tls };
    }
    default:
      if (hosts.length !== 1 || !/^\d{0,4}$/.test(path)) throw new RangeError(REDIS_URL_FORMS);
      return { kind: 'single', url: url.replace(/\?.*$/, ''), tls };
  }
}

function pick<N extends string>(
  parameters: URLSearchParams,
  names: readonly N[],
): { readonly [name in N]?: string } {
  const given = names.map((name) => [name, parameters.get(name)]).filter(([, value]) => value !== null);
  // Object.fromEntries forgets which names there can be.
  return Object.fromEntries(given) as { readonly [name in N]?: string };
}

function splitHost(entry: string, defaultPort: number): Host {
  const [, bracketed, plain, digits] = HOST_PORT.exec(entry) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits ?? defaultPort);
  if (host === undefined || port < 1 || port > 65_535) throw new RangeError(REDIS_URL_FORMS);
  return { host, port };
}

function splitCredentials(credentials: string): Auth {
  const colon = credentials.indexOf(':');
  const username = decodeURIComponent(colon < 0 ? '' : credentials.slice(0, colon));
  const password = decodeURIComponent(colon < 0 ? credentials : credentials.slice(colon + 1));
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}
