import { createEventBus } from '../../src/domain/events.ts';
import { createAlertWorker } from '../../src/queue/alert-worker.ts';
import { type DispatchCommands, withDispatchCommands } from '../../src/queue/commands.ts';
import { createEndedSignal } from '../../src/queue/ended-signal.ts';
import { createMaintenanceQueue, type MaintenanceQueue } from '../../src/queue/maintenance-queue.ts';
import type { PacedWorker } from '../../src/queue/paced-worker.ts';
import { connectRedis, type RedisClient, type RedisTarget } from '../../src/redis/connect.ts';
import type { DeliveryService } from '../../src/services/delivery/delivery.ts';
import type { AlertQueue, EndedSignal, Pace } from '../../src/services/ports/queue.ts';
import { type Dispatch, openDispatch } from './dispatch.ts';

export { alertJob, DELIVERED, SEALED } from './dispatch.ts';

export interface QueueRig {
  readonly base: string;
  readonly prefix: string;
  readonly fast: RedisClient & DispatchCommands;
  readonly patient: RedisClient & DispatchCommands;
  readonly dispatch: Dispatch;
  readonly alerts: AlertQueue;
  readonly pace: Pace;
  readonly ended: EndedSignal;
  readonly errors: readonly Error[];
  /** Waits until a command on the fast connection succeeds. @throws what it failed with after 10 s */
  ready(): Promise<void>;
  /** A worker whose deliveries are `deliver`'s, one at a time unless told otherwise; stopped by `close`. */
  work(deliver: DeliveryService['deliver'], concurrency?: number): Promise<PacedWorker>;
  /** The scheduled jobs; each run is told to `ran`, and lasts as long as that; stopped by `close`. */
  schedule(ran: (name: string) => unknown): Promise<MaintenanceQueue>;
  /** Ends what `work` and `schedule` started, then the connections. */
  close(): Promise<void>;
}

/** What one process of the service has in Redis, wired as the composition root does it, with services of the test's. */
export function openQueueRig(
  target: RedisTarget,
  options: { prefix: string; maxPending?: number; sendDelayMs?: number; chatDelayMs?: number },
): QueueRig {
  const { prefix } = options;
  const base = `${prefix}:alerts:`;
  const errors: Error[] = [];
  const onError = (error: Error): void => void errors.push(error);
  const fast = withDispatchCommands(connectRedis(target, 'fast', onError));
  const patient = withDispatchCommands(connectRedis(target, 'patient', onError));
  const subscriber = connectRedis(target, 'patient', onError);
  const dispatch = openDispatch(fast, options, patient);
  const { queue, rates } = dispatch;
  /** The worker's side, as in the service: it waits for Redis. */
  const work = openDispatch(patient, options);
  work.queue.on('error', onError);
  queue.on('error', onError);
  const ended = createEndedSignal({ publisher: fast, subscriber, prefix });
  ended.start();
  const running: { stop(): Promise<void> }[] = [];

  return {
    base,
    prefix,
    fast,
    patient,
    errors,
    ended,
    dispatch,
    alerts: dispatch.alerts,
    pace: dispatch.pace,
    async ready() {
      const deadline = performance.now() + 10_000;
      for (;;) {
        try {
          await fast.exists(`${base}meta`);
          return;
        } catch (error) {
          if (performance.now() > deadline) throw error;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    },
    async work(deliver, concurrency = 1) {
      const worker = createAlertWorker({
        redis: patient,
        queue: work.queue,
        fastQueue: queue,
        places: work.places,
        delivery: { deliver },
        prefix,
        concurrency,
        sendDelayMs: rates.sendDelayMs,
        onError,
      });
      running.push(worker);
      worker.start();
      return worker;
    },
    async schedule(ran) {
      const told = (name: string) => async () => {
        await ran(name);
      };
      const maintenance = createMaintenanceQueue({
        redis: patient,
        prefix,
        timeZone: 'UTC',
        maintenance: {
          resetQuotas: told('reset-quotas'),
          resetQuotasNow: async () => 0,
          catchUp: told('catch-up'),
          owesBackup: async () => false,
          backup: async () => {
            await ran('backup');
            return 'file';
          },
        },
        upkeep: { upkeep: told('upkeep') },
        events: createEventBus(),
        onError,
      });
      running.push(maintenance);
      await maintenance.start();
      return maintenance;
    },
    async close() {
      await Promise.all(running.map((part) => part.stop()));
      await Promise.all([queue.close(), work.queue.close()]);
      for (const client of [fast, patient, subscriber]) client.disconnect();
    },
  };
}
