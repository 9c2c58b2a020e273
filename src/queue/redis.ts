import { readFileSync } from 'node:fs';
import { Cluster, Redis, type RedisOptions } from 'ioredis';

/**
 * Where Redis is: a URL (`redis://`, `rediss://`, and for Sentinel and Cluster `redis+sentinel://host:port,…/master`,
 * `redis+cluster://host:port,…`), or the unix socket of the private server.
 */
export type RedisTarget =
  | { readonly url: string }
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly password?: string };

/**
 * `fast`: for requests; fails within a second instead of waiting for Redis to come back.
 * `patient`: for workers; waits for ever, since a lost command would strand a job.
 */
export type RedisPurpose = 'fast' | 'patient';
export type RedisClient = Redis | Cluster;

/** An add must answer within 1.5 s (the contract): one second for Redis, the rest for ourselves. */
const FAST_COMMAND_TIMEOUT_MS = 1_000;
/** Reconnects come quickly at first and stay frequent: recovery needs no restart. */
const MAX_RECONNECT_MS = 1_000;

/** ioredis types this one option differently in its constructors; we never set it. */
type Options = Omit<RedisOptions, 'replyMapping'>;

const PURPOSES: Record<RedisPurpose, Options> = {
  fast: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: FAST_COMMAND_TIMEOUT_MS,
    connectTimeout: FAST_COMMAND_TIMEOUT_MS,
  },
  patient: { maxRetriesPerRequest: null, connectTimeout: 5_000 },
};

/** Opens a connection; `onError` hears of every failure (an unheard 'error' would end the process). */
export function connectRedis(
  target: RedisTarget,
  purpose: RedisPurpose,
  onError: (error: Error) => void,
): RedisClient {
  const options: Options = {
    ...PURPOSES[purpose],
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), MAX_RECONNECT_MS),
    // After a failover the old master answers READONLY: connect anew, to the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
  const client = open(target, options);
  client.on('error', onError);
  return client;
}

function open(target: RedisTarget, options: Options): RedisClient {
  if (!('url' in target)) return new Redis({ ...options, ...target });
  const parsed = parseRedisUrl(target.url);
  switch (parsed.kind) {
    case 'single':
      return new Redis(parsed.url, { ...options, ...parsed.tls });
    case 'sentinel':
      return new Redis({
        ...options,
        ...parsed.auth,
        ...parsed.tls,
        ...(parsed.tls.tls === undefined
          ? {}
          : { sentinelTLS: parsed.tls.tls, enableTLSForSentinelMode: true }),
        sentinels: parsed.hosts,
        name: parsed.master,
        sentinelRetryStrategy: (times: number) => Math.min(100 * times, MAX_RECONNECT_MS),
      });
    case 'cluster': {
      const { maxRetriesPerRequest, enableOfflineQueue, retryStrategy, ...perNode } = options;
      return new Cluster(parsed.hosts, {
        enableOfflineQueue: enableOfflineQueue ?? true,
        // A moved slot or a failover takes some redirections; a fast client gives up with its command timeout.
        clusterRetryStrategy: retryStrategy as (times: number) => number,
        redisOptions: {
          ...perNode,
          ...parsed.auth,
          ...parsed.tls,
          maxRetriesPerRequest: maxRetriesPerRequest ?? null,
        },
        // Certificates name hosts, so names from the URL are kept for TLS.
        dnsLookup: (address, callback) => callback(null, address),
      });
    }
  }
}

type Tls = { tls?: { ca?: string; rejectUnauthorized?: boolean } };
type Auth = { username?: string; password?: string; db?: number };

export type ParsedRedisUrl =
  | { readonly kind: 'single'; readonly url: string; readonly tls: Tls }
  | {
      readonly kind: 'sentinel';
      readonly hosts: { host: string; port: number }[];
      readonly master: string;
      readonly auth: Auth;
      readonly tls: Tls;
    }
  | {
      readonly kind: 'cluster';
      readonly hosts: { host: string; port: number }[];
      readonly auth: Auth;
      readonly tls: Tls;
    };

const URL_PATTERN =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/;

/**
 * Splits a REDIS_URL. For TLS, `?ca=<file>` names a private authority's certificate (PEM).
 * @throws RangeError where the URL is of none of the known forms; never repeats it, it may hold a password
 */
export function parseRedisUrl(url: string): ParsedRedisUrl {
  const match = URL_PATTERN.exec(url);
  const [, scheme, mode, credentials, hostList = '', path = '', query = ''] = match ?? [];
  if (scheme === undefined) throw new RangeError('REDIS_URL is not a redis:// or rediss:// URL');
  const ca = new URLSearchParams(query).get('ca');
  const tls: Tls = scheme === 'rediss' ? { tls: ca === null ? {} : { ca: readFileSync(ca, 'utf8') } } : {};
  if (mode === undefined) return { kind: 'single', url: url.replace(/\?.*$/, ''), tls };
  const hosts = hostList.split(',').map((entry) => {
    const [host = '', port] = splitHost(entry);
    if (host === '') throw new RangeError('REDIS_URL names no host');
    return { host, port: port === undefined ? (mode === 'sentinel' ? 26_379 : 6_379) : Number(port) };
  });
  const auth = parseCredentials(credentials);
  if (mode === 'cluster') return { kind: 'cluster', hosts, auth, tls };
  if (path === '') throw new RangeError('REDIS_URL for Sentinel ends with the name of the master: /mymaster');
  return { kind: 'sentinel', hosts, master: decodeURIComponent(path), auth, tls };
}

function splitHost(entry: string): [string, string | undefined] {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry);
  if (bracketed) return [bracketed[1] ?? '', bracketed[2]];
  const [host = '', port] = entry.split(':');
  return [host, port];
}

function parseCredentials(credentials: string | undefined): Auth {
  if (credentials === undefined || credentials === '') return {};
  const colon = credentials.indexOf(':');
  const username = decodeURIComponent(colon < 0 ? '' : credentials.slice(0, colon));
  const password = decodeURIComponent(colon < 0 ? credentials : credentials.slice(colon + 1));
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}
