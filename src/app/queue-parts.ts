import type { Part } from '../ops/lifecycle.ts';
import { createMaintenanceQueue } from '../queue/maintenance-queue.ts';
import { createDelivery } from './delivery.ts';
import { createSender } from './telegram-parts.ts';
import type { Wiring } from './wiring.ts';

export function workerPart(wiring: Wiring): Part {
  const { running, get } = wiring;
  return {
    name: 'worker',
    async start() {
      const { worker, guard } = createDelivery({
        config: wiring.config,
        useCases: get('useCases'),
        redis: get('redis'),
        sender: createSender(wiring),
        events: wiring.events,
        clock: wiring.clock,
        onError: wiring.onError,
      });
      running.worker = worker;
      running.guard = guard;
      await worker.start();
    },
    stop: () => get('worker').stop(),
    // The send in flight gets what time there is.
    stopWeight: 6,
  };
}

/** The scheduled jobs. */
export function jobsPart(wiring: Wiring): Part {
  const { config, running, get } = wiring;
  return {
    name: 'jobs',
    async start() {
      const { maintenance, upkeep } = get('useCases');
      running.maintenance = createMaintenanceQueue({
        redis: get('redis').patient,
        prefix: config.redis.prefix,
        timeZone: config.timeZone,
        maintenance,
        upkeep,
        events: wiring.events,
        onError: wiring.onError,
      });
      await running.maintenance.start();
    },
    stop: () => get('maintenance').stop(),
  };
}
