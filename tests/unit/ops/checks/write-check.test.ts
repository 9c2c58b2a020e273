import { expect, it } from 'vitest';
import { createEventBus } from '../../../../src/domain/events.ts';
import { createAcceptEvidence } from '../../../../src/ops/checks/accept-evidence.ts';
import { reasonOf } from '../../../../src/ops/checks/fault-reasons.ts';
import { createWriteCheck } from '../../../../src/ops/checks/write-check.ts';

const OK = { ok: true };
const ACCEPTED = { alertId: 'a', integrationId: 7, chat: 'c', priority: 'normal' } as const;

function setUp() {
  const state = { now: 1_000_000, writes: 0, write: async (): Promise<void> => undefined };
  const clock = { now: () => state.now };
  const events = createEventBus();
  const accepts = createAcceptEvidence(events, clock);
  const check = createWriteCheck({
    write: () => {
      state.writes += 1;
      return state.write();
    },
    clock,
    holdsMs: 5_000,
    provenAt: accepts.acceptedAt,
    isRefusing: () => accepts.isRefusing('database_unavailable'),
  });
  const fail = (code: string) => {
    state.write = async () => {
      throw Object.assign(new Error('at 10.1.2.3 with password hunter2'), { code });
    };
  };
  const refuse = () => events.emit('alert.refused', { code: 'database_unavailable' });
  return { state, check, events, fail, refuse };
}

it('writes once in 5 s, and at each look while it fails', async () => {
  const { state, check, fail } = setUp();
  expect(await check()).toEqual(OK);
  state.now += 4_999;
  expect(await check()).toEqual(OK);
  expect(state.writes).toBe(1);
  fail('SQLITE_FULL');
  state.now += 1;
  expect(await check()).toEqual({ ok: false, reason: 'disk_full' });
  expect(await check()).toEqual({ ok: false, reason: 'disk_full' });
  expect(state.writes).toBe(3);
  state.write = async () => undefined;
  expect(await check()).toEqual(OK);
});

it('writes nothing where accepts do', async () => {
  const { state, check, events } = setUp();
  events.emit('alert.accepted', ACCEPTED);
  expect(await check()).toEqual(OK);
  expect(state.writes).toBe(0);
});

it('believes the accepts that fail, although its own write succeeds', async () => {
  const { state, check, events, refuse } = setUp();
  refuse();
  expect(await check()).toEqual(OK);
  refuse();
  expect(await check()).toEqual({ ok: false, reason: 'accepts_fail' });
  events.emit('alert.accepted', ACCEPTED);
  expect(await check()).toEqual(OK);
  refuse();
  refuse();
  state.now += 10_000;
  expect(await check()).toEqual(OK);
});

it('has one write under way, and tries another after 10 s', async () => {
  const { state, check } = setUp();
  state.write = () => new Promise(() => undefined);
  void check();
  state.now += 9_999;
  void check();
  expect(state.writes).toBe(1);
  state.now += 1;
  state.write = async () => undefined;
  expect(await check()).toEqual(OK);
  expect(state.writes).toBe(2);
});

it.each([
  [new Error("OOM command not allowed when used memory > 'maxmemory'."), 'out_of_memory'],
  [new Error("READONLY You can't write against a read only replica."), 'read_only'],
  [new Error('MISCONF Redis is configured to save RDB snapshots, but …'), 'cannot_persist'],
  [new Error('NOREPLICAS Not enough good replicas to write.'), 'no_replicas'],
  [Object.assign(new Error('x'), { code: '25006' }), 'read_only'],
  [Object.assign(new Error('x'), { code: '53100' }), 'disk_full'],
  [Object.assign(new Error('x'), { code: 'SQLITE_BUSY' }), 'locked'],
  [
    Object.assign(new Error('x'), { nativeError: Object.assign(new Error('y'), { code: 'SQLITE_FULL' }) }),
    'disk_full',
  ],
  [new Error('connect ECONNREFUSED 10.1.2.3'), 'unavailable'],
])('%s is %s', (error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});
