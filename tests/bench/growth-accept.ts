import { join } from 'node:path';
import { serviceEnvironment, UNLIMITED } from './environment.ts';
import { mustEqual, readLedger } from './exactness.ts';
import type { GrowthPoint, GrowthSubject } from './growth.ts';
import { makeManyIntegrations } from './integrations.ts';
import { postAccepted } from './load.ts';
import { readMemory } from './memory.ts';
import { openPending } from './pending.ts';
import { findPort, type Workshop } from './processes.ts';

const CONNECTIONS = 50;
const WARM_UP = 4_000;

/**
 * A service without workers that accepts over HTTP at 50 connections, `requests` alerts a round, from up to `senders`
 * integrations drawn from the whole range of ids. Each round starts with exactly the pending alerts of the point (those
 * that it adds are taken off the queue after it), so "0 pending" grows to `requests` within a round, as any size does.
 * The senders are those whose alerts wait. What was taken off leaves its place in its chat's line, as a sent alert does
 * until the chat's next send; its ledger entry stays, as delivered.
 */
export async function openAccepting(
  shop: Workshop,
  point: GrowthPoint,
  { senders: wanted, requests }: { senders: number; requests: number },
): Promise<GrowthSubject> {
  const dir = await shop.makeDir();
  const database = `sqlite:${join(dir, 'bench.db')}`;
  const { db, senders } = await makeManyIntegrations(database, point.integrations, wanted);
  shop.beforeClose(db.close);
  const redis = await shop.startRedis();
  const pending = openPending({ redisUrl: redis, db, senders });
  shop.beforeClose(pending.close);
  await pending.add(point.pending);
  const env = serviceEnvironment({ redis, database, dir, roles: 'api' }, UNLIMITED);
  const service = await shop.start('service', ['dist/src/main.js'], env, findPort);
  const tokens = senders.map((sender) => sender.token);

  async function measure(count: number): Promise<number> {
    await pending.settle();
    const before = await readLedger(db);
    const url = `http://127.0.0.1:${service.found}`;
    const { perSecond } = await postAccepted(url, tokens, { connections: CONNECTIONS, requests: count });
    const after = await readLedger(db);
    mustEqual(`accepts with ${point.pending} pending, ${point.integrations} integrations`, {
      answered202: count,
      queued: after.queued - before.queued,
      pending: (await pending.count()) - point.pending,
      units: after.units - before.units,
    });
    await pending.removeAccepted();
    return perSecond;
  }

  await measure(WARM_UP);
  return { point, measure: () => measure(requests), memory: () => readMemory(service.pid) };
}
