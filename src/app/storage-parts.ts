import { connectDatabase } from '../db/connect.ts';
import { migrate } from '../db/migrate.ts';
import type { Part } from '../ops/lifecycle.ts';
import { checkRedis, keepSandboxSecret, openRedis, provideRedis } from './infrastructure.ts';
import { createUseCases } from './use-cases.ts';
import type { Wiring } from './wiring.ts';

export function databasePart({ config, running, get }: Wiring): Part {
  return {
    name: 'database',
    async start() {
      running.secret = config.jwtSecret ?? (await keepSandboxSecret(config.dataDir));
      const { database: target } = config;
      running.db = await connectDatabase({
        url: target.kind === 'sqlite' ? `sqlite:${target.file}` : target.url,
      });
      await migrate(running.db);
    },
    stop: () => get('db').close(),
  };
}

/** Redis, and on it and the database the use cases. */
export function redisPart(wiring: Wiring): Part {
  const { config, log, running, get } = wiring;
  return {
    name: 'redis',
    async start() {
      const { target, own } = await provideRedis(config, wiring.host, wiring.env, log);
      running.ownRedis = own;
      running.redis = openRedis(target, log);
      await checkRedis(running.redis.patient, log, wiring.stopping);
      running.useCases = createUseCases({
        config,
        secret: get('secret'),
        db: get('db'),
        redis: running.redis,
        clock: wiring.clock,
        events: wiring.events,
        onError: wiring.onError,
      });
      running.useCases.ended.start();
    },
    async stop() {
      await Promise.all([get('useCases').alertJobs.close(), get('useCases').maintenanceJobs.close()]);
      await get('redis').close();
      await running.ownRedis?.stop();
    },
    stopWeight: 2,
  };
}
