import type { Config } from '../config.ts';
import type { EventBus } from '../domain/events.ts';
import { type AlertWorker, createAlertWorker } from '../queue/alert-worker.ts';
import { createPace } from '../queue/pace.ts';
import { createDeliveryService } from '../services/delivery.ts';
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
  const pace = createPace({ redis: redis.patient, base: useCases.base, ...config.worker });
  const delivery = createDeliveryService({
    ledger: useCases.ledger,
    integrations: useCases.repository,
    integrationService: useCases.integrations,
    cipher: useCases.cipher,
    guard,
    render,
    pace,
    queue: useCases.queue,
    ended: useCases.ended,
    events,
    clock,
  });
  const worker = createAlertWorker({
    redis: redis.patient,
    delivery,
    prefix: config.redis.prefix,
    concurrency: config.worker.concurrency,
    onError: deps.onError,
  });
  return { worker, guard };
}
