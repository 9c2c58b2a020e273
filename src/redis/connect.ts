import { readFileSync } from 'node:fs';
import { Cluster, type Command, Redis, type RedisOptions } from 'ioredis';
import { startLimit } from '../async/limit.ts';
import type { RedisUrl, TlsFiles } from '../config/redis-url.ts';

/** Where Redis is: what a REDIS_URL says, or the private server's socket or port. */
export type RedisTarget =
  | RedisUrl
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly password?: string };

/**
 * `fast`: for requests; fails within a second instead of waiting for Redis to come back.
 * `patient`: for workers; waits forever, because a lost command would strand a job.
 */
type RedisPurpose = 'fast' | 'patient';
export type RedisClient = Redis | Cluster;

/** An add must answer within 1.5 s (the contract): one second for Redis, the rest for ourselves. */
const FAST_COMMAND_TIMEOUT_MS = 1_000;
/**
 * A connection that has not answered for so long is dropped and reopened, in ms: its host may be gone without a word,
 * or another one may be the master by now, and TCP alone would take a quarter of an hour to notice. (The alternative
 * for Sentinel, ioredis's failoverDetector, leaves connections behind after `quit`, with which BullMQ ends its own.)
 * The patient connection must outlast a blocking read, of 10 s at most (BullMQ).
 */
const FAST_SILENCE_MS = 3_000;
const PATIENT_SILENCE_MS = 15_000;
/** Reconnects come quickly at first and stay frequent: recovery needs no restart. */
const MAX_RECONNECT_MS = 1_000;
/** Between tries of a command that a cluster cannot take yet (failover, moved slot), in ms. */
const CLUSTER_RETRY_MS = 100;

/** ioredis types this one option differently in its constructors; we never set it. */
type Options = Omit<RedisOptions, 'replyMapping'>;

const PURPOSES: Record<RedisPurpose, Options> = {
  fast: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: FAST_COMMAND_TIMEOUT_MS,
    socketTimeout: FAST_SILENCE_MS,
  },
  patient: { maxRetriesPerRequest: null, connectTimeout: 5_000, socketTimeout: PATIENT_SILENCE_MS },
};

/** Opens a connection; `onError` hears of every failure (an unheard 'error' would end the process). */
export function connectRedis(
  target: RedisTarget,
  purpose: RedisPurpose,
  onError: (error: Error) => void,
): RedisClient {
  const client = open(target, purpose);
  client.on('error', onError);
  if (purpose === 'fast') limitCommands(client, FAST_COMMAND_TIMEOUT_MS);
  return client;
}

/** ioredis's own `commandTimeout` also fails what was answered while this thread was busy. */
function limitCommands(client: RedisClient, ms: number): void {
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command: Command, ...more: [stream?: never, node?: never]) => {
    const cancel = startLimit(ms, () => command.reject(new Error('Command timed out')));
    command.promise.then(cancel, cancel);
    return send(command, ...more);
  };
}

const reconnectDelay = (times: number) => Math.min(50 * 2 ** Math.min(times, 6), MAX_RECONNECT_MS);

function open(target: RedisTarget, purpose: RedisPurpose): RedisClient {
  const options: Options = {
    ...PURPOSES[purpose],
    retryStrategy: reconnectDelay,
    // After a failover the old master answers READONLY: reconnect, to the new one. 2: and send the command again.
    reconnectOnError: (error) => error.message.includes('READONLY') && (purpose === 'patient' ? 2 : 1),
  };
  if (!('kind' in target)) return new Redis({ ...options, ...target });
  const tls = target.tls === undefined ? {} : { tls: readTlsFiles(target.tls) };
  switch (target.kind) {
    case 'single':
      return new Redis(target.url, { ...options, ...tls });
    case 'sentinel':
      return new Redis({
        ...options,
        ...target.auth,
        ...target.sentinelAuth,
        ...tls,
        ...(tls.tls === undefined ? {} : { sentinelTLS: tls.tls, enableTLSForSentinelMode: true }),
        sentinels: [...target.hosts],
        name: target.master,
        sentinelRetryStrategy: reconnectDelay,
        // A sentinel that hangs must not keep us from asking the next one.
        sentinelCommandTimeout: FAST_COMMAND_TIMEOUT_MS,
      });
    case 'cluster':
      return new Cluster([...target.hosts], {
        enableOfflineQueue: purpose === 'patient',
        clusterRetryStrategy: reconnectDelay,
        // A failover takes seconds: the patient go on trying, the fast give up with their command timeout.
        ...(purpose === 'patient'
          ? { maxRedirections: Number.POSITIVE_INFINITY, retryDelayOnMoved: CLUSTER_RETRY_MS }
          : {}),
        retryDelayOnFailover: CLUSTER_RETRY_MS,
        retryDelayOnClusterDown: CLUSTER_RETRY_MS,
        // Certificates name hosts, so names from the URL are kept for TLS.
        dnsLookup: (address, callback) => callback(null, address),
        redisOptions: { ...PURPOSES[purpose], ...target.auth, ...tls },
      });
  }
}

/** @throws Error when a file cannot be read */
function readTlsFiles(files: TlsFiles): TlsFiles {
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, readFileSync(file, 'utf8')]));
}
