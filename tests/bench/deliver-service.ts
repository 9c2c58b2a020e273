import { join } from 'node:path';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { serviceEnvironment, UNLIMITED } from './environment.ts';
import { mustEqual, readLedger } from './exactness.ts';
import { makeIntegrations } from './integrations.ts';
import { type Memory, readMemory } from './memory.ts';
import { findPort, type Workshop, waitUntil } from './processes.ts';

/** Epoch ms with fractions, on the clock that the double stamps its calls with. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

const FIRST_CHAT = 7_000_000_000;

/** The whole service against the Bot API double. `groups`: share of the chats that are groups, 0 to 1. */
export async function openDeliverService(
  shop: Workshop,
  options: { chats: number; sendDelayMs: number; groups: number; enforceLimits: boolean },
) {
  const double = createBotApiDouble({ enforceLimits: options.enforceLimits, dropOldMessages: 100_000 });
  const { apiRoot } = await double.start();
  shop.beforeClose(double.stop);
  const chats = Array.from({ length: options.chats }, (_, index) =>
    index < options.chats * options.groups ? -(FIRST_CHAT + index) : FIRST_CHAT + index,
  );
  for (const id of chats) {
    double.addChat(
      id < 0 ? { id, type: 'group', title: 'bench' } : { id, type: 'private', first_name: 'bench' },
    );
    if (id < 0) double.addMember(id, double.bot, 'administrator');
  }
  const redis = await shop.startRedis();
  const database = `sqlite:${join(shop.dir, 'bench.db')}`;
  const { senders, db } = await makeIntegrations(database, chats);
  shop.beforeClose(db.close);
  const service = await shop.start(
    'service',
    ['dist/src/main.js'],
    serviceEnvironment(
      { redis, database, dir: shop.dir, roles: 'api,worker,scheduler', apiRoot },
      { ...UNLIMITED, SEND_DELAY_MS: String(options.sendDelayMs) },
    ),
    findPort,
  );
  const sends = () => double.calls.filter((call) => call.method === 'sendMessage');

  return {
    sends,
    memory: (): Memory => readMemory(service.pid),

    /** Posts to the chat of this index, round and round. */
    async post(index: number, message: string): Promise<void> {
      const response = await fetch(`http://127.0.0.1:${service.found}/api/alert`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${senders[index % senders.length]?.token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ message }),
      });
      if (response.status !== 202)
        throw new Error(`POST answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
    },

    /** Waits until the ledger knows of `alerts` deliveries, then holds it, the calls and the quota against each other. */
    async finish(alerts: number, limitMs: number): Promise<void> {
      await waitUntil(
        `${alerts} deliveries`,
        limitMs,
        async () => (await readLedger(db)).delivered >= alerts,
      );
      const { rows, delivered, units } = await readLedger(db);
      const arrived = sends().filter((call) => call.status === 200);
      mustEqual('delivered', {
        posted: alerts,
        rows,
        delivered,
        units,
        calls: arrived.length,
        texts: new Set(arrived.map((call) => call.payload.text)).size,
      });
    },
  };
}
