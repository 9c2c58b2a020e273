import { freePort } from './free-port.ts';
import { type RedisProcess, SOUND, type startRedisProcess, startTogether } from './redis-process.ts';
import type { Topology } from './redis-topologies.ts';

export interface ClusterTopology extends Topology {
  /** The node that answers for a key's slot now, as the nodes see it. */
  masterOf(key: string): Promise<RedisProcess>;
}

const MASTERS = 3;
const SLOTS = 16_384;
const SETTLE_LIMIT_MS = 30_000;

/** Three masters with a replica each. A master that is silent for a second is replaced. */
export function startRedisCluster(): Promise<ClusterTopology> {
  return startTogether(startCluster);
}

async function startCluster(run: typeof startRedisProcess): Promise<ClusterTopology> {
  const nodes = await Promise.all(Array.from({ length: 2 * MASTERS }, () => startNode(run)));
  const [first] = nodes;
  if (first === undefined) throw new Error('no nodes');
  const nodeIds = await Promise.all(
    nodes.map(({ admin }) => admin.call('CLUSTER', 'MYID') as Promise<string>),
  );
  const buses = await Promise.all(nodes.map(({ admin }) => admin.call('CONFIG', 'GET', 'cluster-port')));

  await Promise.all(
    nodes.map(async ({ admin }, index) => {
      // As redis-cli --cluster create does: epochs of their own, so that no two nodes claim one.
      await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      if (index >= MASTERS) return;
      const from = Math.floor((SLOTS * index) / MASTERS);
      const to = Math.floor((SLOTS * (index + 1)) / MASTERS) - 1;
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
    }),
  );
  for (const [index, { port }] of nodes.entries()) {
    await first.admin.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort(buses[index]));
  }
  const knowsAll = async ({ admin }: RedisProcess) =>
    new RegExp(`cluster_known_nodes:${nodes.length}\\b`).test(await clusterInfo(admin));
  await settle(async () => (await Promise.all(nodes.map(knowsAll))).every(Boolean));
  await Promise.all(
    nodes.slice(MASTERS).map(({ admin }, index) => admin.call('CLUSTER', 'REPLICATE', nodeIds[index] ?? '')),
  );
  const isSettled = async ({ admin }: RedisProcess) =>
    /cluster_state:ok/.test(await clusterInfo(admin)) &&
    !/master_link_status:down/.test(await admin.info('replication'));
  await settle(async () => (await Promise.all(nodes.map(isSettled))).every(Boolean));

  return {
    servers: nodes,
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    async masterOf(key) {
      const witness = nodes.find(({ running }) => running);
      if (witness === undefined) throw new Error('all nodes are down');
      const slot = Number(await witness.admin.call('CLUSTER', 'KEYSLOT', key));
      const ranges = (await witness.admin.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
      const port = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
      const node = nodes.find((candidate) => candidate.port === port);
      if (node === undefined) throw new Error(`nobody has slot ${slot}`);
      return node;
    },
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function startNode(run: typeof startRedisProcess): Promise<RedisProcess> {
  // The default, port + 10000, may be another's.
  const bus = await freePort();
  return run({
    settings: {
      ...SOUND,
      'cluster-enabled': 'yes',
      'cluster-port': String(bus),
      'cluster-announce-ip': '127.0.0.1',
      'cluster-node-timeout': '1000',
      'repl-diskless-sync-delay': '0',
    },
    client: { protocol: 2 },
  });
}

function clusterInfo(admin: RedisProcess['admin']): Promise<string> {
  return admin.call('CLUSTER', 'INFO') as Promise<string>;
}

function busPort(answer: unknown): string {
  const [, port] = answer as [string, string];
  return port;
}

async function settle(isSettled: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  while (!(await isSettled())) {
    if (performance.now() > deadline) throw new Error('the cluster did not settle');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
