import { join } from 'node:path';
import { serviceEnvironment } from './environment.ts';
import { mustEqual, readLedger } from './exactness.ts';
import { makeIntegrations } from './integrations.ts';
import { type Load, postAlerts } from './load.ts';
import { type Memory, readMemory } from './memory.ts';
import { openPending } from './pending.ts';
import { findPort, openWorkshop } from './processes.ts';

/** What cap or quota let through of more requests than that. */
export interface LimitRow extends Memory {
  readonly limit: 'cap' | 'quota';
  readonly size: number;
  readonly requests: number;
  readonly accepted: number;
}

const CONNECTIONS = 50;

/**
 * Cap and quota under 50 connections that all want more: exactly `size` alerts are accepted, queued, pending and paid
 * for, and every other request is refused for that reason alone.
 */
export async function checkLimits(): Promise<LimitRow[]> {
  return [
    await checkLimit({ limit: 'cap', size: 500, requests: 2_000, refusal: 503 }),
    await checkLimit({ limit: 'quota', size: 25, requests: 1_000, refusal: 429 }),
  ];
}

async function checkLimit(check: {
  limit: LimitRow['limit'];
  size: number;
  requests: number;
  refusal: number;
}): Promise<LimitRow> {
  const { limit, size, requests } = check;
  const shop = openWorkshop();
  try {
    const redis = await shop.startRedis();
    const database = `sqlite:${join(shop.dir, 'bench.db')}`;
    const { senders, db } = await makeIntegrations(database, [42], limit === 'quota' ? size : undefined);
    shop.beforeClose(db.close);
    const pending = openPending({ redisUrl: redis, db, senders });
    shop.beforeClose(pending.close);
    const env = serviceEnvironment(
      { redis, database, dir: shop.dir, roles: 'api' },
      { RATE_LIMIT_PER_MINUTE: '0', MAX_QUEUE_SIZE: limit === 'cap' ? String(size) : '1000000' },
    );
    const service = await shop.start('service', ['dist/src/main.js'], env, findPort);
    const { answers }: Load = await postAlerts(
      `http://127.0.0.1:${service.found}`,
      senders.map((sender) => sender.token),
      { connections: CONNECTIONS, requests },
    );
    const accepted = answers.get(202) ?? 0;
    // Where the quota is used up, its chat is told so.
    const { notices, rows, queued, units } = await readLedger(db);
    const waiting = (await pending.count()) - notices;
    mustEqual(`the ${limit}`, { size, answered202: accepted, rows, queued, pending: waiting, units });
    mustEqual(`refused by the ${limit}`, {
      expected: requests - size,
      [`answered${check.refusal}`]: answers.get(check.refusal) ?? 0,
    });
    return { limit, size, requests, accepted, ...readMemory(service.pid) };
  } finally {
    await shop.close();
  }
}
