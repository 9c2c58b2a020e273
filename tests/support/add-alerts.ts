/** Run by fork: adds alerts to the queue as one more process. Arguments: Redis socket, prefix, own name, how many. */
import { AppError } from '../../src/domain/errors.ts';
import { withDispatchCommands } from '../../src/queue/commands.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { alertJob, openDispatch, SEALED } from './dispatch.ts';

const [path = '', prefix = '', name = '', count = '0'] = process.argv.slice(2);
const redis = withDispatchCommands(connectRedis({ path }, 'patient', () => undefined));
const { alerts, queue } = openDispatch(redis, { prefix, maxPending: 500, sendDelayMs: 1_000 });

async function addAll(): Promise<void> {
  const results = await Promise.allSettled(
    Array.from({ length: Number(count) }, (_, index) =>
      alerts.add(
        alertJob(`p${name}-${index}`, `c${index % 7}`, { priority: index % 10 === 0 ? 'high' : 'normal' }),
        SEALED,
      ),
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
