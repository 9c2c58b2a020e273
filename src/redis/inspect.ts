import { Cluster } from 'ioredis';
import type { RedisClient } from './connect.ts';

/** BullMQ 6 needs the streams and options of Redis 6.2; older ones fail in odd ways. */
const OLDEST_VERSION = [6, 2] as const;

/**
 * What is wrong with this Redis for a queue that must lose nothing: sentences for the operator, each once however many
 * nodes it is true of. Never throws; waits for Redis as long as the connection does.
 */
export async function inspectRedis(redis: RedisClient): Promise<string[]> {
  const answers = await readInfo(redis);
  const faults = answers.flatMap((info) => findFaults(info, redis));
  if (answers.length === 0)
    faults.push('This Redis user may not call INFO: eviction policy, AOF and version are unchecked');
  return [...new Set(faults)];
}

/** INFO of the server, or of each master of a cluster that answers. */
async function readInfo(redis: RedisClient): Promise<string[]> {
  const first = await redis.info().catch(() => undefined);
  if (first === undefined) return [];
  if (!(redis instanceof Cluster)) return [first];
  const all = await Promise.all(redis.nodes('master').map((node) => node.info().catch(() => undefined)));
  return all.filter((info) => info !== undefined);
}

function findFaults(info: string, redis: RedisClient): string[] {
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
  const faults: string[] = [];
  const version = field('redis_version');
  // Valkey says 7.2.4 here for compatibility.
  if (version !== undefined && isTooOld(version)) {
    faults.push(`Redis ${version} is too old: use ${OLDEST_VERSION.join('.')} or newer`);
  }
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    faults.push(`maxmemory-policy is ${policy}: Redis may drop accepted alerts; set it to noeviction`);
  }
  if (field('aof_enabled') === '0') {
    faults.push(
      'appendonly is off: if Redis stops, alerts accepted since its last snapshot are lost; set it to yes',
    );
  }
  if (field('cluster_enabled') === '1' && !(redis instanceof Cluster)) {
    faults.push('This Redis is a node of a Cluster: set REDIS_URL to redis+cluster://host:port,host:port');
  }
  if (redis instanceof Cluster) return faults;
  if (field('role') === 'slave') {
    faults.push('This Redis is a replica and takes no alerts: set REDIS_URL to the master or the sentinels');
  }
  // The field is there only where writes need a replica.
  if (redis.options.sentinels !== null && field('min_slaves_good_slaves') === undefined) {
    faults.push(
      'min-replicas-to-write is 0: a master that is cut off accepts alerts that a failover then drops; set it to 1',
    );
  }
  return faults;
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_VERSION;
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}
