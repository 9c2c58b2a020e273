import { afterEach, describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import { inspectRedis } from '../../../src/redis/inspect.ts';
import { freePort } from '../../support/free-port.ts';
import { type RedisProcess, SOUND, startRedisProcess } from '../../support/redis-process.ts';

const servers: RedisProcess[] = [];
const clients: RedisClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function inspect(settings: Record<string, string>) {
  const server = await startRedisProcess({ settings: { ...SOUND, ...settings } });
  servers.push(server);
  const client = connectRedis(parseRedisUrl(`redis://127.0.0.1:${server.port}`), 'patient', () => undefined);
  clients.push(client);
  return { server, faults: await inspectRedis(client) };
}

describe('the inspection of Redis', () => {
  it('finds no fault with a Redis that keeps everything', async () => {
    expect((await inspect({})).faults).toEqual([]);
  });

  it('names an eviction policy that drops alerts, and a missing AOF', async () => {
    const { faults } = await inspect({ 'maxmemory-policy': 'allkeys-lru', appendonly: 'no' });
    expect(faults).toHaveLength(2);
    expect(faults[0]).toMatch(/maxmemory-policy is allkeys-lru.*noeviction/);
    expect(faults[1]).toMatch(/appendonly is off/);
  });

  it('names a node of a Cluster that was taken for a single server', async () => {
    // The default bus port, port + 10000, may be no port at all.
    const bus = await freePort();
    const { faults } = await inspect({ 'cluster-enabled': 'yes', 'cluster-port': String(bus) });
    expect(faults).toEqual([expect.stringMatching(/redis\+cluster:/)]);
  });

  it('names a replica', async () => {
    const { faults } = await inspect({ replicaof: '127.0.0.1 1' });
    expect(faults).toEqual([expect.stringMatching(/is a replica/)]);
  });

  it('says so when the user may not ask', async () => {
    const { server } = await inspect({});
    await server.admin.call('ACL', 'SETUSER', 'mute', 'on', '>p', '~*', '&*', '+@all', '-info');
    const client = connectRedis(
      parseRedisUrl(`redis://mute:p@127.0.0.1:${server.port}`),
      'patient',
      () => undefined,
    );
    clients.push(client);
    expect(await inspectRedis(client)).toEqual([expect.stringMatching(/may not call INFO/)]);
  });

  it.each([
    ['5.0.14', true],
    ['6.0.20', true],
    ['6.2.0', false],
    ['7.2.4', false],
    ['8.0.1', false],
  ])('version %s: too old is %s', async (version, tooOld) => {
    const info = `redis_version:${version}\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\nrole:master\r\n`;
    // Old servers are not at hand: only what they say.
    const said = { info: async () => info, options: { sentinels: null } } as unknown as RedisClient;
    expect(await inspectRedis(said)).toEqual(
      tooOld ? [expect.stringContaining(`Redis ${version} is too old`)] : [],
    );
  });
});
