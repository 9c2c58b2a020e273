import { once } from 'node:events';
import { createAlertWorker } from '../../src/queue/alert-worker.ts';
import { type DispatchCommands, withDispatchCommands } from '../../src/queue/commands.ts';
import { dispatchKeys } from '../../src/queue/keys.ts';
import { createPace } from '../../src/queue/pace.ts';
import { connectRedis, type RedisClient } from '../../src/redis/connect.ts';
import type { Delivery, DeliveryService } from '../../src/services/delivery/delivery.ts';
import type { Pace } from '../../src/services/ports/queue.ts';
import { type Dispatch, type DispatchOptions, openDispatch } from './dispatch.ts';
import type { TestRedis } from './redis.ts';

export { alertJob, DELIVERED, SEALED } from './dispatch.ts';

let serial = 0;
export type EngineRig = Awaited<ReturnType<typeof openEngineRig>>;

/** The API's half of the queue on a connection that fails fast, the worker's on a patient one, as the service has them. */
export async function openEngineRig(server: TestRedis, options: Omit<DispatchOptions, 'prefix'> = {}) {
  serial += 1;
  const given = { prefix: `{engine-${process.pid}-${serial}}`, ...options };
  const open = (purpose: 'fast' | 'patient') =>
    withDispatchCommands(connectRedis(server.connection, purpose, () => undefined));
  const [fast, patient] = [open('fast'), open('patient')];
  if (fast.status !== 'ready') await once(fast, 'ready');
  const api = openDispatch(fast, given);
  const own = openDispatch(patient, given);
  const { prefix } = given;
  const workers: { stop(): Promise<void> }[] = [];
  const clients: (RedisClient & DispatchCommands)[] = [fast, patient];

  return {
    ...{ prefix, fast, patient, keys: dispatchKeys(prefix) },
    ...{ queue: api.queue, alerts: api.alerts, places: own.places, pace: own.pace, discard: own.discard },
    /** A worker whose deliveries are `deliver`'s, one at a time; stopped by `close`. */
    async work(deliver: DeliveryService['deliver'], places: Partial<Dispatch['places']> = {}) {
      const worker = createAlertWorker({
        redis: patient,
        queue: own.queue,
        fastQueue: api.queue,
        places: { ...own.places, ...places },
        delivery: { deliver },
        prefix,
        concurrency: 1,
        sendDelayMs: own.rates.sendDelayMs,
        onError: () => undefined,
      });
      workers.push(worker);
      worker.start();
      return worker;
    },
    /** The pace of one more process. */
    anotherPace(): Pace {
      const redis = open('patient');
      clients.push(redis);
      return createPace({ redis, prefix, ...own.rates, dropAbandoned: async () => false });
    },
    /** Ids of all alerts that have a place. */
    async holders(): Promise<string[]> {
      const ids: string[] = [];
      for await (const page of own.places.all()) ids.push(...page);
      return ids.sort();
    },
    async close(): Promise<void> {
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all([api.queue.close(), own.queue.close()]);
      for (const client of clients) client.disconnect();
    },
  };
}

/** What a delivery gives that failed; the text is kept. */
export const FAILED: Delivery = {
  kind: 'ended',
  called: true,
  outcome: { status: 'failed', reason: 'blocked', parts: 1, tookMs: 1 },
};
