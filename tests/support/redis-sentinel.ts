import { type RedisProcess, SOUND, type startRedisProcess, startTogether } from './redis-process.ts';
import type { Topology } from './redis-topologies.ts';

export interface SentinelTopology extends Topology {
  /** Those that hold data; at first the master is the first of them. */
  readonly nodes: readonly RedisProcess[];
  /** The master as the sentinels see it. */
  master(): Promise<RedisProcess>;
}

const NAME = 'mymaster';
const SETTLE_LIMIT_MS = 30_000;

/**
 * A master, two replicas and three sentinels, of which two decide; a master that is silent for a second is replaced.
 * Each write needs a replica that follows (`min-replicas-to-write`), as docs/redis.md says: so two replicas, since
 * after a failover one of them is the master.
 */
export function startSentinelRedis(): Promise<SentinelTopology> {
  return startTogether(startSentinels);
}

async function startSentinels(run: typeof startRedisProcess): Promise<SentinelTopology> {
  const settings = {
    ...SOUND,
    'min-replicas-to-write': '1',
    'min-replicas-max-lag': '2',
    'repl-diskless-sync-delay': '0',
    'repl-ping-replica-period': '1',
    'repl-timeout': '10',
  };
  const master = await run({ settings });
  const replicas = await Promise.all(
    [1, 2].map(() => run({ settings: { ...settings, replicaof: `127.0.0.1 ${master.port}` } })),
  );
  const nodes = [master, ...replicas];
  const sentinels = await Promise.all(
    [1, 2, 3].map(() =>
      run({
        sentinel: true,
        settings: {
          sentinel: [
            `monitor ${NAME} 127.0.0.1 ${master.port} 2`,
            `down-after-milliseconds ${NAME} 1000`,
            `failover-timeout ${NAME} 3000`,
            `parallel-syncs ${NAME} 2`,
          ],
        },
      }),
    ),
  );
  const knows = async ({ admin }: RedisProcess) => {
    const [about] = (await admin.call('SENTINEL', 'MASTERS')) as (Record<string, string> | string[])[];
    const field = (name: string) => (Array.isArray(about) ? about[about.indexOf(name) + 1] : about?.[name]);
    return field('num-slaves') === '2' && field('num-other-sentinels') === '2' && field('flags') === 'master';
  };
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  while (!(await Promise.all(sentinels.map(knows))).every(Boolean)) {
    if (performance.now() > deadline) throw new Error('the sentinels did not find each other');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    nodes,
    servers: [...nodes, ...sentinels],
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    async master() {
      const witness = sentinels.find(({ running }) => running);
      const answer = (await witness?.admin.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as [
        string,
        string,
      ];
      const node = nodes.find(({ port }) => String(port) === answer[1]);
      if (node === undefined) throw new Error('the sentinels name a master of which we know nothing');
      return node;
    },
    async stop() {
      await Promise.all([...sentinels, ...nodes].map((node) => node.stop()));
    },
  };
}
