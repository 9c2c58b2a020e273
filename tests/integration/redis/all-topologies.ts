import { readFileSync } from 'node:fs';
import { startRedisCluster } from '../../support/redis-cluster.ts';
import { startSentinelRedis } from '../../support/redis-sentinel.ts';
import {
  findValkey,
  startAclRedis,
  startTlsRedis,
  startValkey,
  type Topology,
} from '../../support/redis-topologies.ts';

const RUN = `run-${process.pid}`;
const ACL_PREFIX = `{${RUN}-acl}`;
const DOCUMENTED_PREFIX = '{pingui:queue}';

/** What docs/redis.md tells operators to give the user, for our prefix instead of the default one. */
function documentedRules(): string {
  const text = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8');
  const rules = /^ACL SETUSER pingui on >\S+ (.+)$/m.exec(text.replaceAll(/ \\\n\s*/g, ' '))?.[1];
  if (rules === undefined) throw new Error('docs/redis.md has no ACL SETUSER line');
  return rules.replaceAll(DOCUMENTED_PREFIX, ACL_PREFIX);
}

const valkey = findValkey();

/** Ways to run Redis. The prefix is given, because the ACL user is bound to one. */
export const TOPOLOGIES: readonly { name: string; prefix: string; start(): Promise<Topology> }[] = [
  {
    name: 'TLS with a private authority and a client certificate',
    prefix: `{${RUN}-tls}`,
    start: startTlsRedis,
  },
  {
    name: 'an ACL user with the rules of docs/redis.md',
    prefix: ACL_PREFIX,
    start: () => startAclRedis(documentedRules()),
  },
  { name: 'a Cluster of three masters', prefix: `{${RUN}-cluster}`, start: startRedisCluster },
  { name: 'Sentinel', prefix: `{${RUN}-sentinel}`, start: startSentinelRedis },
  ...(valkey === undefined
    ? []
    : [{ name: 'Valkey', prefix: `{${RUN}-valkey}`, start: () => startValkey(valkey) }]),
];

if (valkey === undefined) {
  process.stderr.write('\nWARNING: NO valkey-server ON THIS MACHINE: NOTHING IS TESTED ON VALKEY.\n\n');
}
