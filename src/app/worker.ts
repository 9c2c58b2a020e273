import { ALERT_QUEUE, type AlertJobData, dropAbandoned } from '../queue/alert-queue.ts';
import { createAlertWorker } from '../queue/alert-worker.ts';
import { openQueue } from '../queue/open-queue.ts';
import { createPace } from '../queue/pace.ts';
import { createPlaces } from '../queue/places.ts';
import { createDeliveryService } from '../services/delivery/delivery.ts';
import { createTelegramGuard, type TelegramGuard } from '../services/delivery/telegram-guard.ts';
import { createRenderer } from '../telegram/render/renderer.ts';
import { renderRest } from '../telegram/render/rest.ts';
import type { Context } from './context.ts';
import type { Core } from './core.ts';
import { createEdits } from './edits.ts';
import type { RedisConnections } from './redis.ts';
import { createProbe, createSender, type TelegramAccess } from './telegram.ts';

export interface StartedWorker {
  readonly guard: TelegramGuard;
  stop(): Promise<void>;
}

/** The sending side: worker, pace, circuit breaker, sender. */
export async function startWorker(deps: {
  context: Context;
  core: Core;
  redis: RedisConnections;
  access: TelegramAccess;
}): Promise<StartedWorker> {
  const { core, redis, context } = deps;
  const { config, events, clock } = context;
  const { prefix } = config.redis;
  const guard = createTelegramGuard({
    sender: {
      ...createSender(config, deps.access, events),
      // Not as patient as a send: health waits for it.
      probe: createProbe(config, deps.access, events),
    },
    events,
  });
  const places = createPlaces({ redis: redis.patient, prefix, limits: config.queue, ...config.worker });
  const queue = openQueue<AlertJobData>(ALERT_QUEUE, {
    redis: redis.patient,
    prefix,
    onError: context.onError,
  });
  const pace = createPace({
    redis: redis.patient,
    prefix,
    ...config.worker,
    dropAbandoned: (job) => dropAbandoned(job, { queue, places }),
  });
  const renderer = createRenderer();
  const edits = createEdits({ context, core, redis, guard, pace, renderLiving: renderer.renderLiving });
  const delivery = createDeliveryService({
    ledger: core.ledger,
    integrations: core.repository,
    queue: core.queue,
    integrationService: core.integrations,
    cipher: core.cipher,
    guard,
    render: renderer.render,
    renderRest,
    pace,
    leads: edits.leads,
    ended: core.ended,
    events,
    clock,
  });
  const worker = createAlertWorker({
    redis: redis.patient,
    queue,
    fastQueue: core.alertJobs,
    places,
    delivery,
    prefix,
    ...config.worker,
    onError: context.onError,
  });
  worker.start();
  edits.worker.start();
  return {
    guard,
    async stop() {
      guard.stop();
      await Promise.all([worker.stop(), edits.worker.stop()]);
      await renderer.close();
      await queue.close();
    },
  };
}
