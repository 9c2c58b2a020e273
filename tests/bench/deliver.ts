import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { makeIntegrations } from './integrations.ts';
import { findPort, openWorkshop, percentile, residentMb, SECRET } from './processes.ts';

interface Deliver {
  readonly alerts: number;
  readonly chats: number;
  readonly sendDelayMs: number;
  /** Share of the chats that are groups, 0 to 1. */
  readonly groups: number;
}

const FIRST_CHAT = 7_000_000_000;

async function openService(options: {
  chats: number;
  sendDelayMs: number;
  groups: number;
  enforceLimits: boolean;
}) {
  const shop = openWorkshop();
  const double = createBotApiDouble({ enforceLimits: options.enforceLimits, dropOldMessages: 100_000 });
  const { apiRoot } = await double.start();
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
  const { tokens, db } = await makeIntegrations(database, chats);
  const service = await shop.start(
    'service',
    ['dist/src/main.js'],
    {
      REDIS_URL: redis,
      DATABASE_URL: database,
      DATA_DIR: shop.dir,
      JWT_SECRET: SECRET,
      BOT_TOKEN: '1:bench',
      TELEGRAM_API_ROOT: apiRoot,
      ROLES: 'api,worker,scheduler',
      HOST: '127.0.0.1',
      PORT: '0',
      MAX_QUEUE_SIZE: '100000',
      RATE_LIMIT_PER_MINUTE: '0',
      SEND_DELAY_MS: String(options.sendDelayMs),
    },
    findPort,
  );
  return {
    double,
    db,
    tokens,
    pid: service.pid,
    post: async (token: string, message: string) => {
      const response = await fetch(`http://127.0.0.1:${service.found}/api/alert`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ message }),
      });
      if (response.status !== 202)
        throw new Error(`POST answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
    },
    async close() {
      await db.close();
      await shop.close();
      await double.stop();
    },
  };
}

/** How long a batch takes from the first send to the last, and what Telegram's limits say to it. */
export async function benchDeliver({ alerts, chats, sendDelayMs, groups }: Deliver) {
  const service = await openService({ chats, sendDelayMs, groups, enforceLimits: true });
  try {
    for (let index = 0; index < alerts; index += 1) {
      await service.post(service.tokens[index % chats] ?? '', `alert ${index} ${randomUUID()}`);
    }
    const sends = () => service.double.calls.filter((call) => call.method === 'sendMessage');
    while (sends().filter((call) => call.status === 200).length < alerts) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const times = sends().map((call) => call.at);
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    const texts = new Set(sends().map((call) => String(call.payload.text)));
    return {
      alerts,
      chats,
      sendDelayMs,
      seconds: Number(seconds.toFixed(2)),
      perSecond: Number(((alerts - 1) / seconds).toFixed(2)),
      smallestGapMs: Number(Math.min(...gaps).toFixed(1)),
      medianGapMs: Number(percentile(gaps, 0.5).toFixed(1)),
      answered429: sends().filter((call) => call.status === 429).length,
      doubled: alerts - texts.size === 0 ? 0 : sends().length - texts.size,
      memoryMb: residentMb(service.pid),
    };
  } finally {
    await service.close();
  }
}

/** From the POST to the call's arrival at the double, on an idle service, in ms. */
export async function benchEndToEnd(samples: number) {
  const service = await openService({ chats: 60, sendDelayMs: 1, groups: 0, enforceLimits: false });
  try {
    const latencies: number[] = [];
    for (let index = 0; index < samples; index += 1) {
      const text = `latency ${index}`;
      const posted = performance.timeOrigin + performance.now();
      await service.post(service.tokens[index % 60] ?? '', text);
      const call = () => service.double.calls.find((one) => one.payload.text === text);
      while (call() === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
      if (index >= 20) latencies.push((call()?.at ?? 0) - posted); // the first ones warm the service up
      // One chat gets one alert a second at most: the next sample uses another chat.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return {
      samples: latencies.length,
      p50: Number(percentile(latencies, 0.5).toFixed(1)),
      p99: Number(percentile(latencies, 0.99).toFixed(1)),
    };
  } finally {
    await service.close();
  }
}
