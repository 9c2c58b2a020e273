import type { RedisClient } from './redis.ts';

/** BullMQ 6 needs the streams and options of Redis 6.2; older ones fail in odd ways. */
const OLDEST_VERSION = [6, 2] as const;

/** What is wrong with this Redis for a queue that must lose nothing: sentences for the operator. Never throws. */
export async function inspectRedis(redis: RedisClient): Promise<string[]> {
  const faults: string[] = [];
  const info = await redis.info().catch(() => '');
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
  const version = field('redis_version');
  // Valkey says 7.2.4 here for compatibility.
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_VERSION;
  if (version !== undefined && (major < oldestMajor || (major === oldestMajor && minor < oldestMinor))) {
    faults.push(`Redis ${version} is too old: use ${OLDEST_VERSION.join('.')} or newer.`);
  }
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    faults.push(`maxmemory-policy is ${policy}: Redis may drop accepted alerts. Set it to noeviction.`);
  }
  if (field('aof_enabled') === '0') {
    faults.push(
      'appendonly is off: alerts accepted since the last snapshot are lost when Redis stops. Set appendonly yes.',
    );
  }
  if (info === '')
    faults.push('INFO is not allowed for this user: eviction policy, AOF and version are unchecked.');
  return faults;
}
