import type { Config } from '../config.ts';
import type { EventBus } from '../domain/events.ts';
import { dropAbandoned } from '../queue/alert-queue.ts';
import { type AlertWorker, createAlertWorker } from '../queue/alert-worker.ts';
import { createPace } from '../queue/pace.ts';
import { createPlaces } from '../queue/places.ts';
import { createDeliveryService } from '../services/delivery/delivery.ts';
import type { Clock, TelegramSender } from '../services/ports.ts';
import { createTelegramGuard, type TelegramGuard } from '../services/telegram-guard.ts';
import { render } from '../telegram/render/renderer.ts';
import type { RedisConnections } from './infrastructure.ts';
import type { UseCases } from './use-cases.ts';

/** The sending side: worker, pace, circuit breaker. */
export function createDelivery(deps: {
  config: Config;
  useCases: UseCases;
  redis: RedisConnections;
  sender: TelegramSender;
  events: EventBus;
  clock: Clock;
  onError(error: Error): void;
}): { worker: AlertWorker; guard: TelegramGuard } {
  const { config, useCases, redis, events, clock } = deps;
  const guard = createTelegramGuard({ sender: deps.sender, events });
  const { prefix } = config.redis;
  const places = createPlaces({ redis: redis.patient, prefix, limits: config.queue, ...config.worker });
  const pace = createPace({
    redis: redis.patient,
    prefix,
    ...config.worker,
    dropAbandoned: (job) => dropAbandoned(job, { queue: useCases.alertJobs, places }),
  });
  const delivery = createDeliveryService({
    ledger: useCases.ledger,
    integrations: useCases.repository,
    integrationService: useCases.integrations,
    cipher: useCases.cipher,
    guard,
    render,
    pace,
    ended: useCases.ended,
    events,
    clock,
  });
  const worker = createAlertWorker({
    redis: redis.patient,
    queue: useCases.alertJobs,
    places,
    delivery,
    prefix,
    ...config.worker,
    onError: deps.onError,
  });
  return { worker, guard };
}
