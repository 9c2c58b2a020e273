import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLifecycle } from '../../../src/app/lifecycle.ts';
import { createLogger } from '../../../src/ops/logger.ts';

const HANG = new Promise<never>(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Part {
  start(): Promise<unknown>;
  stop(shareMs: number): Promise<void>;
  readonly weight: number;
}

function setUp(changes: Readonly<Record<string, Partial<Part>>> = {}) {
  const did: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    level: 'debug',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  const lifecycle = createLifecycle(
    async (startPart) => {
      for (const name of ['database', 'redis', 'worker', 'http']) {
        const change = changes[name];
        const start = async () => {
          did.push(`+${name}`);
          await change?.start?.();
          return name;
        };
        const stop = async (started: string, shareMs: number) => {
          did.push(`-${started}`);
          await change?.stop?.(shareMs);
        };
        await startPart(name, start, stop, change?.weight);
      }
    },
    { log, clock: { now: () => Date.now() } },
  );
  return { did, lines, lifecycle };
}

const UP = ['+database', '+redis', '+worker', '+http'];
const DOWN = ['-http', '-worker', '-redis', '-database'];

it('starts in order and stops in reverse', async () => {
  const { did, lifecycle } = setUp();
  await lifecycle.start();
  expect(did).toEqual(UP);
  expect(await lifecycle.stop()).toEqual({ clean: true });
  expect(did).toEqual([...UP, ...DOWN]);
});

it('starts and stops once, however often it is asked', async () => {
  const { did, lifecycle } = setUp();
  await Promise.all([lifecycle.start(), lifecycle.start()]);
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  await lifecycle.stop();
  expect(did).toEqual([...UP, ...DOWN]);
});

it('waits for each part before the next one', async () => {
  const { did, lifecycle } = setUp({
    redis: { start: () => new Promise((resolve) => setTimeout(resolve, 500)) },
    worker: { stop: () => new Promise((resolve) => setTimeout(resolve, 500)) },
  });
  const started = lifecycle.start();
  await vi.advanceTimersByTimeAsync(499);
  expect(did).toEqual(['+database', '+redis']);
  await vi.advanceTimersByTimeAsync(1);
  await started;
  const stopped = lifecycle.stop();
  await vi.advanceTimersByTimeAsync(499);
  expect(did.slice(4)).toEqual(['-http', '-worker']);
  await vi.advanceTimersByTimeAsync(1);
  expect(await stopped).toEqual({ clean: true });
});

it('stops what had started when a part fails, and throws its error', async () => {
  const { did, lines, lifecycle } = setUp({ worker: { start: () => Promise.reject(new Error('no')) } });
  await expect(lifecycle.start()).rejects.toThrow('no');
  expect(did).toEqual(['+database', '+redis', '+worker', '-redis', '-database']);
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'error', part: 'worker', message: 'Start failed' }),
  );
});

it('stops nothing when nothing was started', async () => {
  const { did, lifecycle } = setUp();
  expect(await lifecycle.stop()).toEqual({ clean: true });
  await expect(lifecycle.start()).rejects.toThrow('stopped');
  expect(did).toEqual([]);
});

describe('stopping', () => {
  it('goes on after a part that fails, and says so', async () => {
    const { did, lines, lifecycle } = setUp({ worker: { stop: () => Promise.reject(new Error('stuck')) } });
    await lifecycle.start();
    expect(await lifecycle.stop()).toEqual({ clean: false });
    expect(did.slice(4)).toEqual(DOWN);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', part: 'worker' }));
  });

  it('gives a part that hangs no more than its share', async () => {
    const { did, lifecycle } = setUp({ http: { stop: () => HANG } });
    await lifecycle.start();
    const stopped = lifecycle.stop();
    await vi.advanceTimersByTimeAsync(2_499);
    expect(did.slice(4)).toEqual(['-http']);
    await vi.advanceTimersByTimeAsync(1);
    expect(await stopped).toEqual({ clean: false });
    expect(did.slice(4)).toEqual(DOWN);
  });

  it('gives more to a part of more weight', async () => {
    const { did, lifecycle } = setUp({ http: { stop: () => HANG, weight: 7 } });
    await lifecycle.start();
    const stopped = lifecycle.stop();
    await vi.advanceTimersByTimeAsync(6_999);
    expect(did.slice(4)).toEqual(['-http']);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(did.slice(4)).toEqual(DOWN);
  });

  it('ends within the deadline when everything hangs', async () => {
    const hanging = { stop: () => HANG };
    const { did, lifecycle } = setUp({ http: hanging, worker: hanging, redis: hanging, database: hanging });
    await lifecycle.start();
    const began = Date.now();
    const stopped = lifecycle.stop();
    await vi.advanceTimersByTimeAsync(10_100);
    expect(await stopped).toEqual({ clean: false });
    expect(did.slice(4)).toEqual(DOWN);
    expect(Date.now() - began).toBeLessThanOrEqual(10_100);
  });

  it('during the start lets the part under way finish and starts no other', async () => {
    const { did, lifecycle } = setUp({
      redis: { start: () => new Promise((resolve) => setTimeout(resolve, 500)) },
    });
    const started = expect(lifecycle.start()).rejects.toThrow('stopped');
    await vi.advanceTimersByTimeAsync(100);
    const stopped = lifecycle.stop();
    await vi.advanceTimersByTimeAsync(400);
    expect(await stopped).toEqual({ clean: true });
    await started;
    expect(did).toEqual(['+database', '+redis', '-redis', '-database']);
  });

  it('does not wait for ever for a start that hangs, and stops that part when it comes up after all', async () => {
    let comeUp: () => void = () => undefined;
    const late = new Promise<void>((resolve) => {
      comeUp = resolve;
    });
    const { did, lifecycle } = setUp({ redis: { start: () => late } });
    const started = expect(lifecycle.start()).rejects.toThrow('stopped');
    await vi.advanceTimersByTimeAsync(10);
    const stopped = lifecycle.stop();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(await stopped).toEqual({ clean: false });
    expect(did).toEqual(['+database', '+redis', '-database']);
    comeUp();
    await started;
    expect(did.at(-1)).toBe('-redis');
  });
});
