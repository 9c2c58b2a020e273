import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

export const SECRET = 'a secret of the benchmarks, 32 bytes or more';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Processes and folders of one benchmark; everything is ended and removed by `close`. */
export interface Workshop {
  readonly dir: string;
  /** A folder of its own within `dir`, for a benchmark of several services. */
  makeDir(): Promise<string>;
  /** A redis-server with AOF, as the service starts its own. Returns its URL. */
  startRedis(): Promise<string>;
  /** Starts a program and waits for the line of its output that `find` understands. */
  start<T>(
    name: string,
    args: string[],
    env: Record<string, string>,
    find: (line: string) => T | undefined,
  ): Promise<{ found: T; pid: number; end(): Promise<void> }>;
  /** Something else to close, before the processes are ended; the newest first. */
  beforeClose(close: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export function openWorkshop(): Workshop {
  const dir = mkdtempSync(join(tmpdir(), 'pingui-bench-'));
  const children = new Set<ChildProcess>();
  const servers: TestRedis[] = [];
  const closing: (() => Promise<unknown>)[] = [];

  async function end(child: ChildProcess): Promise<void> {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 12_000);
    await gone;
    clearTimeout(timer);
  }

  const start: Workshop['start'] = async (name, args, env, find) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.add(child);
    const lines = createInterface({ input: child.stdout });
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)));
      lines.on('line', (line) => {
        const found = find(line);
        if (found === undefined) return;
        lines.close();
        // A full pipe would stop the program; taking its lines apart would cost the load generator's time.
        child.stdout.resume();
        resolve({ found, pid: child.pid ?? 0, end: () => end(child) });
      });
    });
  };

  return {
    dir,
    start,
    makeDir: () => mkdtemp(join(dir, 'service-')),
    async startRedis() {
      const server = await startTestRedis();
      servers.push(server);
      return server.url;
    },
    beforeClose: (close) => void closing.unshift(close),
    async close() {
      try {
        for (const close of closing) await close();
      } finally {
        await Promise.all([...children].map(end));
        await Promise.all(servers.map((server) => server.stop()));
        rmSync(dir, { recursive: true, force: true });
      }
    },
  };
}

/** The port that the service logs when it listens. */
export function findPort(line: string): number | undefined {
  const entry = parse(line);
  return entry?.message === 'HTTP server is listening' ? Number(entry.port) : undefined;
}

export function findReady(line: string): true | undefined {
  return parse(line)?.message === 'Pingui Alert is ready' ? true : undefined;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Looks until it holds. @throws Error after `limitMs` milliseconds */
export async function waitUntil(
  what: string,
  limitMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
