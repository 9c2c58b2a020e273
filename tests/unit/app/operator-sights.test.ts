import { expect, it } from 'vitest';
import type { FreeDisk } from '../../../src/app/free-disk.ts';
import { createSights } from '../../../src/app/operator-sights.ts';
import { createEventBus } from '../../../src/domain/events.ts';
import type { JobHistory } from '../../../src/domain/jobs.ts';
import { type Finding, OK } from '../../../src/ops/health.ts';
import type { Sight } from '../../../src/services/operators/troubles.ts';

const HOUR = 3_600_000;
const LIMIT_MS = 41_000;
const FAILED: Finding = { ok: false, reason: 'unavailable' };
/** 03:00:05: last night's backup was due five seconds ago. */
const NIGHT = Date.UTC(2026, 10, 24, 3, 0, 5);

function look() {
  const world = {
    now: NIGHT,
    redis: OK as Finding,
    database: OK as Finding,
    contact: 'ok' as 'ok' | 'unreachable' | 'unauthorized',
    sender: 'ok' as 'ok' | 'halted' | 'unreachable',
    pending: 0,
    queue: OK as Finding,
    history: { installedAt: NIGHT - 48 * HOUR, lastSuccess: { backup: NIGHT - 24 * HOUR } } as JobHistory,
    disks: [{ variable: 'DATA_DIR', free: 1_000, needed: 100 }] as FreeDisk[],
  };
  const events = createEventBus();
  const sights = createSights({
    redisCheck: async () => world.redis,
    databaseCheck: async () => world.database,
    contact: () => world.contact,
    sender: () => world.sender,
    // Only this count is looked at.
    counts: async () => ({ pending: world.pending }) as never,
    maxPending: 500,
    queueCheck: async () => world.queue,
    queueLimitMs: LIMIT_MS,
    history: async () => world.history,
    freeDisk: async () => world.disks,
    events,
    clock: { now: () => world.now },
    timeZone: 'UTC',
  });
  return { world, events, sights };
}

it('sending stands still while the token is refused; a Telegram that is away says nothing of it', async () => {
  const { world, sights } = look();
  for (const [state, sight] of [
    ['halted', 'trouble'],
    ['unreachable', 'unknown'],
    ['ok', 'fine'],
  ] as const) {
    world.sender = state;
    expect(await sights.halted()).toBe(sight);
  }
});

it.each(['redis', 'database'] as const)(
  'a %s that fails once is none yet, and fine at once when it answers',
  async (name) => {
    const { world, sights } = look();
    const seen: Sight[] = [];
    for (const finding of [OK, FAILED, OK, FAILED, FAILED, FAILED, OK]) {
      world[name] = finding;
      seen.push(await sights[name]());
    }
    expect(seen).toEqual(['fine', 'unknown', 'fine', 'unknown', 'trouble', 'trouble', 'fine']);
  },
);

it('an unreachable Telegram is a trouble; one that refuses the token says nothing of it', async () => {
  const { world, sights } = look();
  for (const [contact, sight] of [
    ['unreachable', 'trouble'],
    ['unauthorized', 'unknown'],
    ['ok', 'fine'],
  ] as const) {
    world.contact = contact;
    expect(await sights.telegram()).toBe(sight);
  }
});

it('a full queue is over once a tenth of it is free', async () => {
  const { world, sights } = look();
  for (const [pending, sight] of [
    [500, 'trouble'],
    [499, 'unknown'],
    [449, 'fine'],
  ] as const) {
    world.pending = pending;
    expect(await sights.queue_full()).toBe(sight);
  }
});

it('a queue that stands still is not called fine before it was watched for long enough', async () => {
  const { world, sights } = look();
  expect(await sights.queue_stuck()).toBe('unknown');
  world.queue = { ok: false, reason: 'no_progress' };
  expect(await sights.queue_stuck()).toBe('trouble');
  world.now += LIMIT_MS + 1;
  world.queue = { ok: false, reason: 'paused' };
  expect(await sights.queue_stuck()).toBe('unknown');
  world.queue = OK;
  expect(await sights.queue_stuck()).toBe('fine');
});

it('a backup that failed is a trouble at once, one that does not come an hour later, and a success ends both', async () => {
  const { world, events, sights } = look();
  expect(await sights.backup()).toBe('unknown');
  events.emit('job.failed', { job: 'backup', error: new Error('disk full') });
  expect(await sights.backup()).toBe('trouble');
  world.now += 1_000;
  world.history = { ...world.history, lastSuccess: { backup: world.now } };
  expect(await sights.backup()).toBe('fine');
  const late = look();
  late.world.now += 2 * HOUR;
  expect(await late.sights.backup()).toBe('trouble');
});

it('a disk runs short below what is needed, and is fine with a fifth more', async () => {
  const { world, sights } = look();
  for (const [free, sight] of [
    [99, 'trouble'],
    [110, 'unknown'],
    [120, 'fine'],
  ] as const) {
    world.disks = [
      { variable: 'DATA_DIR', free: 1_000, needed: 100 },
      { variable: 'BACKUP_DIR', free, needed: 100 },
    ];
    expect(await sights.disk()).toBe(sight);
  }
});
