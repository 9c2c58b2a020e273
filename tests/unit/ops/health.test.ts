import { expect, it } from 'vitest';
import { type Check, type CheckName, createHealth } from '../../../src/ops/health.ts';

const ok: Check = async () => ({ ok: true });
const fails: Check = async () => {
  throw new Error('connect ECONNREFUSED 10.1.2.3:6379 with password hunter2');
};
const hangs: Check = () => new Promise(() => undefined);

function setUp(checks: Partial<Record<CheckName, Check>> = {}) {
  let now = 1_000;
  const health = createHealth({
    checks: { redis: ok, telegram: ok, database: ok, queue: ok, jobs: ok, ...checks },
    clock: { now: () => now },
    timeoutMs: 30,
  });
  const pass = (ms: number) => {
    now += ms;
  };
  return { health, pass };
}

it('is ok when all checks are', async () => {
  const fine = { status: 'ok', ms: 0 };
  expect(await setUp().health.ready()).toEqual({
    status: 'ok',
    checks: { redis: fine, telegram: fine, database: fine, queue: fine, jobs: fine },
  });
});

it.each(['redis', 'database'] as const)('is down when %s fails or hangs', async (name) => {
  const failed = await setUp({ [name]: fails }).health.ready();
  expect(failed.status).toBe('down');
  expect(failed.checks[name]).toMatchObject({ status: 'down', reason: 'unavailable' });
  const hung = await setUp({ [name]: hangs }).health.ready();
  expect(hung.status).toBe('down');
  expect(hung.checks[name]).toMatchObject({ status: 'down', reason: 'timeout' });
});

it.each(['telegram', 'queue', 'jobs'] as const)('is only degraded when %s fails or hangs', async (name) => {
  for (const check of [fails, hangs]) {
    const answer = await setUp({ [name]: check }).health.ready();
    expect(answer.status).toBe('degraded');
    expect(answer.checks[name].status).toBe('degraded');
  }
});

it('is down rather than degraded when both apply', async () => {
  expect((await setUp({ telegram: fails, redis: fails }).health.ready()).status).toBe('down');
});

it('says nothing of hosts and secrets', async () => {
  const answer = JSON.stringify(await setUp({ redis: fails, database: fails }).health.ready());
  expect(answer).not.toMatch(/10\.1\.2\.3|hunter2|ECONN/);
});

it('asks once for any number of probes within a second, and again after it', async () => {
  let asked = 0;
  const { health, pass } = setUp({ redis: async () => ({ ok: true, asked: asked++ }) });
  await Promise.all(Array.from({ length: 50 }, () => health.ready()));
  pass(999);
  await health.ready();
  expect(asked).toBe(1);
  pass(1);
  await health.ready();
  expect(asked).toBe(2);
});
