import { join } from 'node:path';
import autocannon from 'autocannon';
import jwt from 'jsonwebtoken';
import { makeIntegrations } from './integrations.ts';
import { findPort, median, openWorkshop, residentMb, SECRET } from './processes.ts';

interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly not2xx: number;
}

export async function acceptLoad(
  url: string,
  token: string,
  connections: number,
  seconds: number,
): Promise<Load> {
  const result = await autocannon({
    url: `${url}/api/alert`,
    connections,
    duration: seconds,
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'Disk full', message: '/var on web-1 is at 98 %, 1.2 GB are left' }),
  });
  return {
    perSecond: result['2xx'] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    not2xx: result.non2xx + result.errors,
  };
}

/** `POST /api/alert` complete beside the bare route, alternating; medians over the rounds. */
export async function benchAccept(options: { rounds: number; seconds: number }) {
  const shop = openWorkshop();
  try {
    const redis = await shop.startRedis();
    const database = `sqlite:${join(shop.dir, 'bench.db')}`;
    const { tokens, db } = await makeIntegrations(database, [42]);
    const env = {
      REDIS_URL: redis,
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
    const bare = await shop.start(
      'yardstick',
      ['--import', 'tsx', 'tests/bench/yardstick.ts'],
      { REDIS_URL: redis, BENCH_SECRET: SECRET },
      (line) => (JSON.parse(line) as { port: number }).port,
    );
    const ours = { url: `http://127.0.0.1:${service.found}`, token: tokens[0] ?? '' };
    const yardstick = { url: `http://127.0.0.1:${bare.found}`, token: jwt.sign({}, SECRET) };
    // Warm both up: the first seconds measure the compiler.
    await acceptLoad(ours.url, ours.token, 50, 3);
    await acceptLoad(yardstick.url, yardstick.token, 50, 3);

    const rounds: { ours: Load; yardstick: Load }[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      rounds.push({
        ours: await acceptLoad(ours.url, ours.token, 50, options.seconds),
        yardstick: await acceptLoad(yardstick.url, yardstick.token, 50, options.seconds),
      });
    }
    const single = await acceptLoad(ours.url, ours.token, 1, options.seconds);
    const memoryMb = residentMb(service.pid);
    const { accepted, queued } = await count(db);
    return {
      perSecond: Math.round(median(rounds.map((round) => round.ours.perSecond))),
      yardstickPerSecond: Math.round(median(rounds.map((round) => round.yardstick.perSecond))),
      ratio: Number(
        median(rounds.map((round) => round.ours.perSecond / round.yardstick.perSecond)).toFixed(3),
      ),
      ratios: rounds.map((round) => Number((round.ours.perSecond / round.yardstick.perSecond).toFixed(2))),
      p50: median(rounds.map((round) => round.ours.p50)),
      p99: median(rounds.map((round) => round.ours.p99)),
      yardstickP99: median(rounds.map((round) => round.yardstick.p99)),
      singleP50: single.p50,
      refused: rounds.reduce((sum, round) => sum + round.ours.not2xx, 0),
      memoryMb,
      ledger: { accepted, queued },
    };

    async function count(database: typeof db) {
      const [row] = (await database.knex.raw(
        `SELECT count(*) AS accepted, sum("status" = 'queued') AS queued FROM "Alerts"`,
      )) as { accepted: number; queued: number }[];
      await database.close();
      return { accepted: row?.accepted ?? 0, queued: row?.queued ?? 0 };
    }
  } finally {
    await shop.close();
  }
}
