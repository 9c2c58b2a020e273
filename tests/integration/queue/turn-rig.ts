import { type Job, Worker } from 'bullmq';
import { pause } from '../../../src/async/pause.ts';
import type { AlertJobData } from '../../../src/queue/alert-queue.ts';
import { withDispatchCommands } from '../../../src/queue/commands.ts';
import { giveTurns } from '../../../src/queue/due-alerts.ts';
import { NO_TURN } from '../../../src/queue/places.ts';
import { connectRedis, type RedisClient } from '../../../src/redis/connect.ts';
import type { AlertJob } from '../../../src/services/ports/queue.ts';
import { alertJob, openDispatch, SEALED } from '../../support/dispatch.ts';
import type { TestRedis } from '../../support/redis.ts';

const TOKEN = 'a lock of the tests';
/** Looks at the queue without a break; who has found nothing by then waits for a clock, and takes a break after each. */
const QUICK_LOOKS = 200;
const BREAK_MS = 20;
let serial = 0;

export type TurnRig = Awaited<ReturnType<typeof createTurnRig>>;

/** The alert queue with a worker that is driven by hand, and no limits on the pace. */
export async function createTurnRig(server: TestRedis, maxTurn?: number) {
  serial += 1;
  const prefix = `{turns-${process.pid}-${serial}}`;
  const redis = withDispatchCommands(connectRedis(server.connection, 'patient', () => undefined));
  const options = { prefix, maxPending: 10_000, ...(maxTurn === undefined ? {} : { maxTurn }) };
  const dispatch = openDispatch(redis, options);
  const { alerts, pace, queue, places } = dispatch;
  const connection = redis as RedisClient as never;
  const worker = new Worker<AlertJobData>('alerts', null, { connection, prefix, autorun: false });
  worker.on('error', () => undefined);
  await worker.waitUntilReady();

  const take = () => worker.getNextJob(TOKEN, { block: false });
  const jobOf = ({ id = '', data }: Job<AlertJobData>) => ({ ...data, alertId: id });

  /** What the worker does with a job until it may be sent. */
  async function mayGo(job: Job<AlertJobData>): Promise<boolean> {
    if (job.data.deliverAt !== null && job.priority === NO_TURN) {
      await giveTurns(job, { queue, places });
      return false;
    }
    return (await pace.take(jobOf(job))).kind === 'go';
  }

  return {
    ...{ redis, alerts, queue, places, dispatch },
    add: (alertId: string, chat: string, more: Partial<AlertJob> = {}) =>
      alerts.add(alertJob(alertId, chat, more), SEALED),
    /** Takes the next alert and puts it off, as a flood wait does. Undefined if there is none. */
    async defer(ms: number): Promise<string | undefined> {
      const job = await take();
      await job?.moveToDelayed(Date.now() + ms, TOKEN);
      return job?.id;
    },
    /** Ends what `defer` began. */
    async release(id: string): Promise<void> {
      await (await queue.getJob(id))?.changeDelay(0);
    },
    /** Does what the worker does until one alert may be sent, and ends it. Undefined if there is none. */
    async send(): Promise<string | undefined> {
      for (let looks = 0; ; looks += 1) {
        if (looks > QUICK_LOOKS) await pause(BREAK_MS);
        const job = await take();
        if (job === undefined) {
          if ((await queue.getDelayedCount()) === 0) return undefined;
          await new Promise((resolve) => setTimeout(resolve, 1));
        } else if (await mayGo(job)) {
          await places.leave(jobOf(job), 0);
          await job.moveToCompleted(null as never, TOKEN, false);
          return job.id;
        } else {
          await job.moveToDelayed(Date.now() + 1, TOKEN);
        }
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
