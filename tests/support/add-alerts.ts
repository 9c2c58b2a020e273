/** Run by fork: adds alerts to the queue as one more process. Arguments: Redis socket, prefix, own name, how many. */
import { Queue } from 'bullmq';
import { AppError } from '../../src/domain/errors.ts';
import { createAlertQueue } from '../../src/queue/alert-queue.ts';
import { withQueueCommands } from '../../src/queue/commands.ts';
import { connectRedis } from '../../src/queue/redis.ts';

const [path = '', prefix = '', name = '', count = '0'] = process.argv.slice(2);
const redis = withQueueCommands(connectRedis({ path }, 'patient', () => undefined));
const queue = new Queue('alerts', { connection: redis as never, prefix });
const alerts = createAlertQueue({
  queue,
  redis,
  base: `${prefix}:alerts:`,
  maxPending: 500,
  sendDelayMs: 1_000,
});

async function addAll(): Promise<void> {
  const results = await Promise.allSettled(
    Array.from({ length: Number(count) }, (_, index) =>
      alerts.add({
        alertId: `p${name}-${index}`,
        integrationId: 1,
        chat: `c${index % 7}`,
        isGroup: false,
        priority: index % 10 === 0 ? 'high' : 'normal',
        deliverAt: null,
        sealed: 'c2VhbGVk',
      }),
    ),
  );
  const full = results.filter(
    (result) =>
      result.status === 'rejected' &&
      result.reason instanceof AppError &&
      result.reason.code === 'queue_full',
  ).length;
  const accepted = results.filter((result) => result.status === 'fulfilled').length;
  process.send?.({ accepted, full }, () => {
    redis.disconnect();
    process.disconnect();
    void queue.close();
  });
}

void queue.waitUntilReady().then(() => {
  process.on('message', () => void addAll());
  process.send?.('ready');
});
