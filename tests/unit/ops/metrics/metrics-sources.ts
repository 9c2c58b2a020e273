export const COUNTS = {
  pending: 7,
  scheduled: 2,
  completed: 5,
  waiting: 4,
  delayed: 2,
  prioritized: 1,
  active: 1,
  failed: 3,
};
export const STILL = {
  isPaused: false,
  pausedUntil: null,
  isWholeBotFlooded: false,
  lastSentAt: null,
  oldestAt: null,
};
export const NOW = 1_700_000_000_000;
/** What the metrics ask, answered. */
export const SOURCES = {
  clock: { now: () => NOW },
  version: '1.2.3',
  nameOf: async (id: number) => (id === 404 ? undefined : `name ${id}`),
  countQueue: async () => COUNTS,
  motion: async () => STILL,
  jobHistory: async () => ({ lastSuccess: {}, backupBytes: undefined }),
  isTelegramUp: () => true,
  limits: { maxPending: 500, maxScheduled: 10_000 },
  health: {
    ready: async () => ({
      status: 'ok' as const,
      checks: {
        redis: { status: 'ok' as const, ms: 1 },
        telegram: { status: 'degraded' as const, ms: 1, reason: 'unreachable' },
        database: { status: 'down' as const, ms: 1, reason: 'locked' },
        queue: { status: 'ok' as const, ms: 1 },
        jobs: { status: 'ok' as const, ms: 1 },
      },
    }),
  },
  processes: async () => [
    { id: 'a', roles: ['api', 'bot'], version: '1.2.3', startedAt: NOW },
    { id: 'b', roles: ['api', 'worker'], version: '1.2.3', startedAt: NOW },
  ],
  incidents: async () => ({ open: 2, acknowledged: 1 }),
};
