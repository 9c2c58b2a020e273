import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { createAlertQueue } from '../../src/queue/alert-queue.ts';
import { withQueueCommands } from '../../src/queue/commands.ts';
import { createPace } from '../../src/queue/pace.ts';
import { acceptLoad } from './accept.ts';
import { makeIntegrations } from './integrations.ts';
import { findPort, median, openWorkshop, SECRET } from './processes.ts';

/** Adds and takes timed per state of the queue; enough to be steady, few enough not to change the state. */
const SAMPLES = 2_000;

/** How the cost of an add, a slot and a whole accept grows with what is pending and registered. */
export async function benchGrowth(pending: readonly number[], integrations: readonly number[]) {
  return [...(await growthOfQueue(pending)), ...(await growthOfDatabase(integrations))];
}

async function growthOfQueue(sizes: readonly number[]) {
  const shop = openWorkshop();
  try {
    const redis = withQueueCommands(new Redis(await shop.startRedis(), { maxRetriesPerRequest: null }));
    const rows = [];
    for (const size of sizes) {
      const prefix = `{growth-${size}}`;
      const queue = new Queue('alerts', { connection: redis, prefix });
      const base = `${prefix}:alerts:`;
      const alerts = createAlertQueue({ queue, redis, base, maxPending: 1_000_000, sendDelayMs: 1 });
      const pace = createPace({ redis, base, sendDelayMs: 0, chatDelayMs: 0, groupLimitPerMinute: 0 });
      const add = (alertId: string, chat: number) =>
        alerts.add({
          alertId,
          integrationId: 1,
          chat: chat.toString(16),
          isGroup: false,
          priority: 'normal',
          deliverAt: null,
          sealed: 'x'.repeat(200),
        });
      for (let index = 0; index < size; index += 500) {
        await Promise.all(Array.from({ length: 500 }, (_, n) => add(randomUUID(), (index + n) % 1_000)));
      }
      const addUs = await timed((index) => add(`s${index}`, 5_000 + index));
      const takeUs = await timed((index) =>
        pace.take({ alertId: `s${index}`, chat: (5_000 + index).toString(16), isGroup: false }),
      );
      rows.push({ pending: size, addUs, takeUs });
      await queue.close();
      await redis.flushall();
    }
    redis.disconnect();
    return rows;
  } finally {
    await shop.close();
  }
}

/** Microseconds per call, one after the other: median of 5 slices. */
async function timed(call: (index: number) => Promise<unknown>): Promise<number> {
  const slices: number[] = [];
  const slice = SAMPLES / 5;
  for (let start = 0; start < SAMPLES; start += slice) {
    const began = performance.now();
    for (let index = start; index < start + slice; index += 1) await call(index);
    slices.push(((performance.now() - began) / slice) * 1_000);
  }
  return Math.round(median(slices));
}

async function growthOfDatabase(counts: readonly number[]) {
  const rows = [];
  for (const count of counts) {
    const shop = openWorkshop();
    try {
      const database = `sqlite:${join(shop.dir, 'bench.db')}`;
      const { tokens, db } = await makeIntegrations(database, [42], count - 1);
      await db.close();
      const env = {
        REDIS_URL: await shop.startRedis(),
        DATABASE_URL: database,
        DATA_DIR: shop.dir,
        JWT_SECRET: SECRET,
        BOT_TOKEN: '1:bench',
        TELEGRAM_API_ROOT: 'http://127.0.0.1:9',
        ROLES: 'api',
        HOST: '127.0.0.1',
        PORT: '0',
        MAX_QUEUE_SIZE: '1000000',
        RATE_LIMIT_PER_MINUTE: '0',
      };
      const service = await shop.start('service', ['dist/src/main.js'], env, findPort);
      const url = `http://127.0.0.1:${service.found}`;
      await acceptLoad(url, tokens[0] ?? '', 50, 2);
      const loads = [];
      for (let round = 0; round < 3; round += 1) loads.push(await acceptLoad(url, tokens[0] ?? '', 50, 3));
      rows.push({
        integrations: count,
        acceptsPerSecond: Math.round(median(loads.map((load) => load.perSecond))),
      });
    } finally {
      await shop.close();
    }
  }
  return rows;
}
