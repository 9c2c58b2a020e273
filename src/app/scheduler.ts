import { createMaintenanceQueue, type MaintenanceQueue } from '../queue/maintenance-queue.ts';
import type { Context } from './context.ts';
import type { Core } from './core.ts';
import type { RedisConnections } from './redis.ts';

/** The scheduled jobs. */
export async function startScheduler(deps: {
  context: Context;
  core: Core;
  redis: RedisConnections;
}): Promise<MaintenanceQueue> {
  const { config, events, onError } = deps.context;
  const { maintenance, upkeep } = deps.core;
  const queue = createMaintenanceQueue({
    redis: deps.redis.patient,
    prefix: config.redis.prefix,
    timeZone: config.timeZone,
    maintenance,
    upkeep,
    events,
    onError,
  });
  await queue.start();
  return queue;
}
