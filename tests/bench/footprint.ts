/**
 * `npx tsx tests/bench/footprint.ts [alerts]`: what one alert costs Redis and the database, counted on the real ones
 * while the built service accepts and delivers (docs/scale.md). Needs dist/ (npm run build). PostgreSQL is left out
 * where it is not installed.
 */
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { pause } from '../../src/async/pause.ts';
import { createAlertLedger } from '../../src/db/alerts/alert-ledger.ts';
import { ALERT_QUEUE } from '../../src/queue/alert-queue.ts';
import { createBotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { serviceEnvironment } from './environment.ts';
import { type Counters, differences, readDatabase, readProcess, readRedis } from './footprint/counters.ts';
import { makeIntegrations, type Sender } from './integrations.ts';
import { findPort, findReady, openWorkshop } from './processes.ts';

/** Requests in flight: accepts of one moment share a transaction, as under load. */
const IN_FLIGHT = 50;
const FIRST_CHAT = 7_000_000_000;
const TEXT = { title: 'Disk full', message: '/var on web-1 is at 98 %, 1.2 GB are left' };

interface Service {
  readonly pid: number;
  end(): Promise<void>;
}

/** Accepts, then delivers, one alert to each of `alerts` chats. Returns what each phase added, per alert. */
async function measure(alerts: number, postgresUrl: string | undefined): Promise<Record<string, Counters>> {
  const shop = openWorkshop();
  const double = createBotApiDouble({ enforceLimits: false, dropOldMessages: 100_000 });
  const { apiRoot } = await double.start();
  const chats = Array.from({ length: alerts }, (_, index) => FIRST_CHAT + index);
  for (const id of chats) double.addChat({ id, type: 'private', first_name: 'footprint' });
  const url = await shop.startRedis();
  const redis = new Redis(url);
  const database = postgresUrl ?? `sqlite:${join(shop.dir, 'footprint.db')}`;
  const { senders, db } = await makeIntegrations(database, chats);
  const ledger = createAlertLedger(db, { idempotencyWindowMs: 0 });
  const env = serviceEnvironment(
    { redis: url, database, dir: shop.dir, apiRoot },
    {
      MAX_QUEUE_SIZE: '1000000',
      // On: its counter is part of what an alert costs.
      RATE_LIMIT_PER_MINUTE: '1000000',
      SEND_DELAY_MS: '0',
      WORKER_CONCURRENCY: '10',
    },
  );
  const queue = new Queue(ALERT_QUEUE, { connection: redis as never, prefix: '{pingui:queue}' });
  /** What `work` adds per alert. The service is ended before the database is read: PostgreSQL counts late. */
  const perAlert = async (service: Service, work: () => Promise<void>): Promise<Counters> => {
    const before = {
      ...(await readRedis(redis)),
      ...readProcess(service.pid),
      ...(await readDatabase(db)),
    };
    await work();
    const after = { ...(await readRedis(redis)), ...readProcess(service.pid) };
    await service.end();
    return differences(before, { ...after, ...(await readDatabase(db)) }, alerts);
  };

  try {
    const api = await shop.start('api', ['dist/src/main.js'], { ...env, ROLES: 'api' }, findPort);
    const target = `http://127.0.0.1:${api.found}/api/alert`;
    const accepted = await perAlert(api, () => postAll(target, senders));
    // The worker starts before there is work, so that its start is not counted.
    await queue.pause();
    const worker = await shop.start('worker', ['dist/src/main.js'], { ...env, ROLES: 'worker' }, findReady);
    const delivered = await perAlert(worker, async () => {
      await queue.resume();
      while ((await ledger.countByStatus()).delivered < alerts) await pause(50);
      // The last job is taken from the queue after its outcome was written.
      await pause(500);
    });
    return { accepted, delivered };
  } finally {
    await queue.close();
    redis.disconnect();
    await db.close();
    await shop.close();
    await double.stop();
  }
}

async function postAll(url: string, senders: readonly Sender[]): Promise<void> {
  const left = [...senders];
  const sender = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${next.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(TEXT),
      });
      if (response.status !== 202) throw new Error(`POST answered ${response.status}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
}

function print(title: string, phases: Record<string, Counters>): void {
  process.stdout.write(`\n${title}, per alert\n`);
  for (const [phase, counters] of Object.entries(phases)) {
    for (const [name, value] of Object.entries(counters)) {
      if (Math.abs(value) < 0.005) continue;
      process.stdout.write(`  ${phase.padEnd(10)} ${name.padEnd(34)} ${value.toFixed(2)}\n`);
    }
  }
}

const alerts = Number(process.argv[2] ?? 2_000);
if (!Number.isSafeInteger(alerts) || alerts < 1) {
  process.stderr.write('Usage: npx tsx tests/bench/footprint.ts [alerts]\n');
  process.exitCode = 2;
} else {
  print('SQLite', await measure(alerts, undefined));
  const postgres = await startTestPostgres();
  if (postgres !== undefined) {
    try {
      print('PostgreSQL', await measure(alerts, await postgres.createDatabase()));
    } finally {
      await postgres.stop();
    }
  }
}
