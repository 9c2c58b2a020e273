import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createNoticeBoard } from '../../../../src/queue/notice-board.ts';
import { createOperatorNotices } from '../../../../src/services/operators/operator-notices.ts';
import { createOwnBoard } from '../../../../src/services/operators/own-board.ts';
import { type Sight, TROUBLES, type Trouble } from '../../../../src/services/operators/troubles.ts';
import { type EngineRig, openEngineRig } from '../../../support/engine-rig.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let server: TestRedis;
let rig: EngineRig;
let now = Date.UTC(2026, 10, 24, 12);
/** What the chat has read. */
let chat: string[] = [];
/** Telegram takes messages. */
let isUp = true;

beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  rig = await openEngineRig(server);
  chat = [];
  isUp = true;
});
afterEach(() => rig.close());

/** A process of the service; `seen` is what it sees. */
function startProcess({ isRedisUp = true } = {}) {
  const seen: Partial<Record<Trouble, Sight>> = {};
  const sights = Object.fromEntries(
    TROUBLES.map((trouble) => [trouble, (): Sight => seen[trouble] ?? 'unknown']),
  ) as Record<Trouble, () => Sight>; // an entry for each
  const notices = createOperatorNotices({
    sights,
    board: isRedisUp
      ? createNoticeBoard({ redis: rig.fast, prefix: rig.prefix })
      : { report: () => Promise.reject(new Error('no Redis')), told: async () => undefined },
    ownBoard: createOwnBoard(),
    tell: async (text) => {
      if (isUp) chat.push(text);
      return isUp;
    },
    clock: { now: () => now },
    timeZone: 'UTC',
    onError: (error) => {
      if (isRedisUp) throw error;
    },
  });
  return { seen, look: notices.look };
}

it('tells of a trouble once, though several processes see it, and once that it is over', async () => {
  const [a, b] = [startProcess(), startProcess()];
  a.seen.queue_full = 'trouble';
  b.seen.queue_full = 'trouble';
  for (let times = 0; times < 3; times += 1) {
    await Promise.all([a.look(), b.look()]);
    now += 5 * SECOND;
  }
  expect(chat).toEqual([expect.stringMatching(/^⚠️ The queue is full: .*\nSince 2026-11-24 12:00 UTC\./)]);
  // One sees it still: it is not over.
  b.seen.queue_full = 'fine';
  for (let times = 0; times < 10; times += 1) {
    await Promise.all([a.look(), b.look()]);
    now += 5 * SECOND;
  }
  expect(chat).toHaveLength(1);
  a.seen.queue_full = 'fine';
  for (let times = 0; times < 5; times += 1) {
    await Promise.all([a.look(), b.look()]);
    now += 5 * SECOND;
  }
  expect(chat).toHaveLength(2);
  expect(chat[1]).toMatch(
    /^✅ It is over: The queue was full.*\nFrom 2026-11-24 12:00 UTC to 2026-11-24 12:0/,
  );
});

it('tells of each kind once an hour at most, and then again', async () => {
  const { seen, look } = startProcess();
  const say = async (sight: Sight, waitMs: number) => {
    seen.disk = sight;
    await look();
    now += waitMs;
  };
  await say('trouble', MINUTE);
  await say('fine', MINUTE);
  expect(chat).toHaveLength(2);
  // Within the hour: neither the beginning nor the end.
  await say('trouble', MINUTE);
  await say('fine', MINUTE);
  await say('trouble', MINUTE);
  expect(chat).toHaveLength(2);
  now += 60 * MINUTE;
  await say('trouble', MINUTE);
  expect(chat).toHaveLength(3);
  // Other kinds have an hour of their own.
  seen.backup = 'trouble';
  await look();
  expect(chat[3]).toContain('backup has failed');
});

it('does not repeat itself while a trouble lasts for hours', async () => {
  const { seen, look } = startProcess();
  seen.reset = 'trouble';
  for (let hours = 0; hours < 5; hours += 1) {
    await look();
    now += 61 * MINUTE;
  }
  expect(chat).toHaveLength(1);
});

it('tries again what Telegram did not take, a minute later, and tells in the end what nobody could be told of', async () => {
  const { seen, look } = startProcess();
  isUp = false;
  seen.halted = 'trouble';
  await look();
  isUp = true;
  now += 30 * SECOND;
  await look();
  expect(chat).toEqual([]);
  isUp = false;
  now += 31 * SECOND;
  await look();
  // The token is accepted again: only now there is a way to tell.
  isUp = true;
  seen.halted = 'fine';
  now += MINUTE;
  await look();
  expect(chat).toEqual([expect.stringMatching(/^✅ It is over: Sending stood still/)]);
  now += MINUTE;
  await look();
  expect(chat).toHaveLength(1);
});

it('keeps no longer quiet because the clock was set back', async () => {
  const { seen, look } = startProcess();
  seen.queue_stuck = 'trouble';
  await look();
  seen.queue_stuck = 'fine';
  now += MINUTE;
  await look();
  now -= 24 * 60 * MINUTE;
  seen.queue_stuck = 'trouble';
  await look();
  expect(chat).toHaveLength(3);
});

it('tells of Redis without Redis: once an hour, again a minute later what Telegram did not take, and its end', async () => {
  const { seen, look } = startProcess({ isRedisUp: false });
  const say = async (sight: Sight, waitMs: number) => {
    seen.redis = sight;
    seen.database = sight;
    await look();
    now += waitMs;
  };
  isUp = false;
  await say('trouble', 2 * SECOND);
  isUp = true;
  await say('trouble', MINUTE);
  expect(chat).toEqual([]);
  await say('trouble', 2 * SECOND);
  await say('trouble', 2 * SECOND);
  await say('fine', 2 * SECOND);
  await say('fine', 2 * SECOND);
  expect(chat).toEqual([
    expect.stringMatching(/^⚠️ Redis does not work/),
    expect.stringMatching(/^✅ It is over: Redis did not work/),
  ]);
  await say('trouble', MINUTE);
  await say('fine', MINUTE);
  expect(chat).toHaveLength(2);
  now += 60 * MINUTE;
  await say('trouble', MINUTE);
  expect(chat).toHaveLength(3);
});

it('tells of an unreachable Telegram when it is over, and that once an hour at most', async () => {
  const { seen, look } = startProcess();
  const say = async (sight: Sight, waitMs: number) => {
    seen.telegram = sight;
    await look();
    now += waitMs;
  };
  await say('trouble', 2 * SECOND);
  await say('trouble', 5 * SECOND);
  expect(chat).toEqual([]);
  await say('fine', MINUTE);
  expect(chat).toEqual([expect.stringMatching(/^✅ It is over: Telegram was unreachable.*\nFrom 2/)]);
  await say('trouble', MINUTE);
  await say('fine', MINUTE);
  expect(chat).toHaveLength(1);
  now += 60 * MINUTE;
  await say('trouble', MINUTE);
  await say('fine', MINUTE);
  expect(chat).toHaveLength(2);
});
