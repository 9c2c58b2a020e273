import { DelayedError, type Job, type Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { expect, vi } from 'vitest';
import type { WaitReason, WhyWaiting } from '../../src/services/alerts/wait-reason.ts';

/** What the engine stores with an alert. */
export interface BoardAlert {
  readonly integrationId: number;
  readonly chat: string;
  readonly isGroup: boolean;
  readonly priority: 'low' | 'normal' | 'high';
  readonly deliverAt: number | null;
  readonly bytes: number;
}
interface End {
  readonly status: 'delivered' | 'failed' | 'uncertain' | 'expired' | 'dropped';
  readonly parts: number | null;
  readonly messageIds?: readonly number[];
  readonly reason?: string;
  readonly tookMs: number;
}
type Fate = { readonly end: End } | { readonly deferMs: number } | 'hang';

export const ALERT: BoardAlert = {
  integrationId: 12,
  chat: '3f2a91c05d7e4b18',
  isGroup: false,
  priority: 'normal',
  deliverAt: null,
  bytes: 1_204,
};
export const FLOOD_WAIT_MS = 40 * 60_000;
const PACE_MS = 55 * 60_000;

/** Each with what the worker makes of it. They run in this order. */
const PASSED = {
  delivered: [{ bytes: 312 }, { end: { status: 'delivered', parts: 1, messageIds: [4_711], tookMs: 184 } }],
  long: [
    { integrationId: 7, chat: '90be77d1a2c3f406', isGroup: true, bytes: 9_870 },
    { end: { status: 'delivered', parts: 3, messageIds: [88, 89, 90], tookMs: 2_412 } },
  ],
  failed: [
    { integrationId: 3, chat: 'c41d0e5577aa9b21', bytes: 96 },
    { end: { status: 'failed', reason: 'bot_blocked', parts: 1, tookMs: 97 } },
  ],
  revoked: [
    { integrationId: 5, chat: '08a6f3b2cc914d7e', priority: 'low' },
    { end: { status: 'failed', reason: 'revoked', parts: null, tookMs: 0 } },
  ],
  expired: [{ priority: 'low', bytes: 640 }, { end: { status: 'expired', parts: null, tookMs: 0 } }],
  dropped: [
    { integrationId: 5, chat: '08a6f3b2cc914d7e' },
    { end: { status: 'dropped', reason: 'no_entry', parts: null, tookMs: 0 } },
  ],
  uncertain: [
    { priority: 'high', isGroup: true, bytes: 1_240 },
    { end: { status: 'uncertain', reason: 'connection_reset', parts: 1, tookMs: 30_004 } },
  ],
  flooded: [{ priority: 'high', isGroup: true }, { deferMs: FLOOD_WAIT_MS }],
  paced: [{ integrationId: 7, chat: '90be77d1a2c3f406', isGroup: true }, { deferMs: PACE_MS }],
} as const satisfies Record<string, readonly [Partial<BoardAlert>, Fate]>;

export type BoardAlertName = keyof typeof PASSED | 'scheduled' | 'active' | 'waiting' | 'second';

export interface BoardAlerts {
  readonly ids: Readonly<Record<BoardAlertName, string>>;
  /** As the engine would answer for them. */
  readonly whyWaiting: WhyWaiting;
  stop(): Promise<void>;
}

/** Alerts in all states, by plain BullMQ: what the engine leaves in Redis. */
export async function addAlertsInAllStates(queue: Queue, redis: Redis, prefix: string): Promise<BoardAlerts> {
  const ids: Partial<Record<BoardAlertName, string>> = {};
  const fates = new Map<string, Fate>();
  const reasons = new Map<string, WaitReason>();
  let added = 0;

  async function add(name: BoardAlertName, change: Partial<BoardAlert>, fate?: Fate): Promise<string> {
    added += 1;
    const id = `3d0d9f2e-51c7-4e0b-9a34-${String(added).padStart(12, '0')}`;
    const data = { ...ALERT, ...change };
    const delay = data.deliverAt === null ? 0 : data.deliverAt - Date.now();
    ids[name] = id;
    if (fate !== undefined) fates.set(id, fate);
    await queue.add('alert', data, { jobId: id, attempts: 1, priority: 2 * added + 1, delay });
    return id;
  }

  const reach = (id: string, state: string) =>
    vi.waitFor(async () => expect(await queue.getJobState(id)).toBe(state), { timeout: 10_000 });

  async function process(job: Job, token?: string): Promise<unknown> {
    const fate = fates.get(String(job.id)) ?? 'hang';
    if (fate === 'hang') return new Promise(() => undefined);
    if ('deferMs' in fate) {
      await job.moveToDelayed(Date.now() + fate.deferMs, token);
      throw new DelayedError();
    }
    const { end } = fate;
    if (end.status === 'delivered') return end;
    await job.updateData({ ...job.data, outcome: end });
    throw new UnrecoverableError(end.reason === undefined ? end.status : `${end.status}: ${end.reason}`);
  }
  // One send at a time: the alert that hangs keeps those behind it waiting.
  const worker = new Worker('alerts', process, {
    connection: redis as never,
    prefix,
    metrics: { maxDataPoints: 60 },
  });

  for (const [name, [change, fate]] of Object.entries(PASSED)) {
    const id = await add(name as BoardAlertName, change, fate);
    const state = 'deferMs' in fate ? 'delayed' : fate.end.status === 'delivered' ? 'completed' : 'failed';
    await reach(id, state);
    if ('deferMs' in fate)
      reasons.set(id, {
        kind: name === 'flooded' ? 'flood_wait' : 'chat_pace',
        until: Date.now() + fate.deferMs,
      });
  }
  const deliverAt = Date.now() + 26 * 3_600_000;
  reasons.set(await add('scheduled', { integrationId: 3, deliverAt }), {
    kind: 'scheduled',
    until: deliverAt,
  });
  const active = await add('active', { bytes: 402 }, 'hang');
  await reach(active, 'active');
  reasons.set(await add('waiting', { priority: 'high' }), { kind: 'turn' });
  reasons.set(await add('second', { integrationId: 7, chat: '90be77d1a2c3f406', isGroup: true }), {
    kind: 'turn',
  });

  return {
    ids: ids as Record<BoardAlertName, string>,
    whyWaiting: async (waiting) => waiting.map(({ id }) => reasons.get(id) ?? null),
    stop: () => worker.close(true),
  };
}
