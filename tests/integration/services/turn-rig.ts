import { Queue, Worker } from 'bullmq';
import { createAlertQueue } from '../../../src/queue/alert-queue.ts';
import { withQueueCommands } from '../../../src/queue/commands.ts';
import { createPace } from '../../../src/queue/pace.ts';
import { connectRedis, type RedisClient } from '../../../src/queue/redis.ts';
import { MAX_TURN } from '../../../src/queue/turn-scripts.ts';
import type { AlertJob } from '../../../src/services/ports.ts';
import type { TestRedis } from '../../support/redis.ts';

const TOKEN = 'a lock of the tests';
let serial = 0;

export type TurnRig = Awaited<ReturnType<typeof createTurnRig>>;

/** The alert queue with a worker that is driven by hand, and no limits on the pace. */
export async function createTurnRig(server: TestRedis, maxTurn = MAX_TURN) {
  serial += 1;
  const prefix = `{turns-${process.pid}-${serial}}`;
  const base = `${prefix}:alerts:`;
  const redis = withQueueCommands(connectRedis(server.connection, 'patient', () => undefined));
  const connection = redis as RedisClient as never;
  const queue = new Queue('alerts', { connection, prefix });
  const worker = new Worker<AlertJob>('alerts', null, { connection, prefix, autorun: false });
  queue.on('error', () => undefined);
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  const alerts = createAlertQueue({ queue, redis, base, maxPending: 10_000, sendDelayMs: 0, maxTurn });
  const pace = createPace({ redis, base, sendDelayMs: 0, chatDelayMs: 0, groupLimitPerMinute: 0 });

  const take = () => worker.getNextJob(TOKEN, { block: false });

  return {
    ...{ redis, base, alerts, queue },
    add: (alertId: string, chat: string, more: Partial<AlertJob> = {}) =>
      alerts.add({
        ...{
          alertId,
          chat,
          integrationId: 1,
          isGroup: false,
          priority: 'normal',
          deliverAt: null,
          sealed: 'x',
        },
        ...more,
      }),
    /** Takes the next alert and puts it off, as a flood wait does. Undefined if there is none. */
    async defer(ms: number): Promise<string | undefined> {
      const job = await take();
      await job?.moveToDelayed(Date.now() + ms, TOKEN);
      return job?.id;
    },
    /** Ends what `defer` began. */
    async release(id: string): Promise<void> {
      // BullMQ keeps the time in the upper bits of the score.
      await redis.zadd(`${base}delayed`, (Date.now() - 1) * 4_096, id);
    },
    /** Does what the worker does until one alert may be sent, and ends it. Undefined if there is none. */
    async send(): Promise<string | undefined> {
      for (;;) {
        const job = await take();
        if (job === undefined) {
          if ((await redis.zcard(`${base}delayed`)) === 0) return undefined;
          await new Promise((resolve) => setTimeout(resolve, 1));
          continue;
        }
        const { alertId, chat, deliverAt, priority } = job.data;
        const high = priority === 'high' ? '1' : '0';
        const mustWait =
          deliverAt !== null &&
          (await redis.pinguiTurnWhenDue(`${base}pace`, base, alertId, chat, high, maxTurn)) === 1;
        if (!mustWait && (await pace.take({ alertId, chat, isGroup: false })).kind === 'go') {
          await job.moveToCompleted(null, TOKEN, false);
          return job.id;
        }
        await job.moveToDelayed(Date.now() + 1, TOKEN);
      }
    },
    async sendAll(): Promise<string[]> {
      const sent: string[] = [];
      for (let id = await this.send(); id !== undefined; id = await this.send()) sent.push(id);
      return sent;
    },
    async close(): Promise<void> {
      await worker.close();
      await queue.close();
      redis.disconnect();
    },
  };
}
