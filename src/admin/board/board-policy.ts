import type { HookContext } from '@bull-board/api/typings/app';

/** Which queue a route of the board works on. */
type BoardQueue = 'alerts' | 'maintenance';

/** What the board may show. Its answers hold nothing secret (board-jobs.ts). */
const READS: ReadonlySet<string> = new Set([
  'get /api/redis/stats',
  'get /api/queues',
  'get /api/job-schedulers',
  'get /api/queues/:queueName/metrics',
  'get /api/queues/:queueName/default-job-options',
  'get /api/queues/:queueName/rate-limit',
  'get /api/queues/:queueName/job-data-schema',
  'get /api/queues/:queueName/:jobId/logs',
  'get /api/queues/:queueName/:jobId/flow',
  'get /api/queues/:queueName/:jobId',
]);

/** What the board may change, by queue. */
const CHANGES: Readonly<Record<string, readonly BoardQueue[]>> = {
  // For alerts this is a resend through the alert service (board-jobs.ts), not BullMQ's own retry.
  'put /api/queues/:queueName/:jobId/retry': ['alerts', 'maintenance'],
  'put /api/queues/:queueName/:jobId/promote': ['maintenance'],
  'put /api/queues/:queueName/pause': ['alerts'],
  'put /api/queues/:queueName/resume': ['alerts'],
};

const WHY: Readonly<Record<string, string>> = {
  'put /api/queues/:queueName/retry/:queueStatus':
    'Resend failed alerts one by one: Telegram may already have some of them.',
  'put /api/queues/:queueName/promote': 'Alerts are delivered at the time their senders chose.',
  'put /api/queues/:queueName/:jobId/promote': 'Alerts are delivered at the time their senders chose.',
  'put /api/queues/pause':
    'Pause only the alerts queue: maintenance resets the quotas and writes the backups.',
  'put /api/queues/resume': 'Resume the alerts queue from its own menu.',
  'put /api/queues/:queueName/pause':
    'Only alerts are ever paused: maintenance resets the quotas and writes the backups, and edits show what is true.',
  'put /api/queues/:queueName/resume': 'Only alerts are ever paused.',
  'post /api/queues/:queueName/add':
    'Alerts come in through the API only, which takes the quota and writes the ledger.',
  'put /api/queues/:queueName/rate-limit': 'A limit set here would override the pace that Telegram asks for.',
  'put /api/queues/:queueName/concurrency': 'WORKER_CONCURRENCY sets how many sends are in flight.',
};

const DEFAULT_WHY = 'The board does not change or remove jobs: a pending alert must end in the ledger.';

/**
 * Why the board refuses a call, or undefined if it is allowed. Default deny: a route that a later version of the board
 * adds is refused until it is listed here.
 */
export function boardRefusal(context: Pick<HookContext, 'method' | 'route'>, queue: BoardQueue | undefined) {
  const call = `${context.method} ${context.route}`;
  if (READS.has(call)) return undefined;
  if (queue !== undefined && CHANGES[call]?.includes(queue)) return undefined;
  return WHY[call] ?? DEFAULT_WHY;
}
