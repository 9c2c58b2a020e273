import { join } from 'node:path';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { serviceEnvironment, UNLIMITED } from './environment.ts';
import { mustEqual, readLedger } from './exactness.ts';
import type { GrowthPoint, GrowthSubject } from './growth.ts';
import { makeManyIntegrations } from './integrations.ts';
import { readMemory } from './memory.ts';
import { openPending } from './pending.ts';
import { findReady, type Workshop, waitUntil } from './processes.ts';

/** Alerts that are in the queue beyond those measured: the worker must not run dry at the end of a round. */
const MARGIN = 50;
const DEADLINE_MS = 120_000;
/** Sends of the first round, which measures the compiler. */
const WARM_UP = 500;

/** As fast as it goes: no pace, no limits, and the double has none either. */
const UNPACED = { SEND_DELAY_MS: '0', CHAT_DELAY_MS: '0', GROUP_LIMIT_PER_MINUTE: '0' };

/**
 * A worker process that delivers to the Bot API double as fast as it can; a round is `sends` of them, timed by their
 * arrival there. What is delivered are the pending alerts themselves, from the front of the queue: each has its ledger
 * entry, its sealed text and its chat, in a fair turn over all `senders`. Before a round the queue is filled up to the
 * pending alerts of the point and the round's own; it is paused outside the rounds.
 */
export async function openDelivering(
  shop: Workshop,
  point: GrowthPoint,
  options: { senders: number; sends: number; concurrency: number },
): Promise<GrowthSubject> {
  const dir = await shop.makeDir();
  const database = `sqlite:${join(dir, 'bench.db')}`;
  const { db, senders } = await makeManyIntegrations(database, point.integrations, options.senders);
  shop.beforeClose(db.close);
  const double = createBotApiDouble({ enforceLimits: false, dropOldMessages: 100_000 });
  const { apiRoot } = await double.start();
  shop.beforeClose(double.stop);
  for (const { chatId } of senders) double.addChat({ id: chatId, type: 'private', first_name: 'bench' });
  const redis = await shop.startRedis();
  const pending = openPending({ redisUrl: redis, db, senders });
  shop.beforeClose(pending.close);
  await pending.pause();
  await pending.add(point.pending);
  const env = serviceEnvironment(
    { redis, database, dir, roles: 'worker', apiRoot },
    { ...UNLIMITED, ...UNPACED, WORKER_CONCURRENCY: String(options.concurrency) },
  );
  const service = await shop.start('worker', ['dist/src/main.js'], env, findReady);
  const sent = () => double.calls.filter((call) => call.method === 'sendMessage');

  async function measure(count: number): Promise<number> {
    await pending.add(Math.max(0, point.pending + count + MARGIN - (await pending.count())));
    await pending.settle();
    const before = sent().length;
    await pending.resume();
    await waitUntil(`${count} sends`, DEADLINE_MS, () => sent().length >= before + count);
    await pending.pause();
    await check();
    const times = sent().slice(before, before + count);
    return ((count - 1) / ((times.at(-1)?.at ?? 0) - (times[0]?.at ?? 0))) * 1_000;
  }

  /** Every alert arrived once, the ledger knows it, and all others are still in the queue. */
  async function check(): Promise<void> {
    const calls = sent();
    const { rows, queued, delivered } = await readLedger(db);
    const where = `with ${point.pending} pending, ${point.integrations} integrations`;
    mustEqual(`delivered ${where}`, {
      calls: calls.length,
      answered200: calls.filter((call) => call.status === 200).length,
      texts: new Set(calls.map((call) => call.payload.text)).size,
      ledger: delivered,
    });
    mustEqual(`left ${where}`, { queued, pending: await pending.count(), rows: rows - delivered });
  }

  await measure(WARM_UP);
  return { point, measure: () => measure(options.sends), memory: () => readMemory(service.pid) };
}
