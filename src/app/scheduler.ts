import { JOB_NAMES } from '../domain/jobs.ts';
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
  const { config, events, clock, onError } = deps.context;
  const { maintenance, upkeep, jobRuns } = deps.core;
  events.on('job.failed', ({ job }) => {
    const name = JOB_NAMES.find((known) => known === job);
    // Where the database is the reason, health says so.
    if (name !== undefined) jobRuns.failed(name, clock.now()).catch(() => undefined);
  });
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
