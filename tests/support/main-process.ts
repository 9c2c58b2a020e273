import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
/** Above the service's own deadline of 10 s. */
const EXIT_LIMIT_MS = 20_000;

/** @throws Error when there is nothing to start */
export function requireBuild(): void {
  if (!existsSync(MAIN)) throw new Error('dist/src/main.js is missing: npm run build');
}

export interface CommandResult {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `node dist/src/main.js <args>` to its end, in exactly this environment. */
export async function runMain(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string = tmpdir(),
): Promise<CommandResult> {
  let stdout = '';
  let stderr = '';
  const take = {
    line: (text: string) => {
      stdout += `${text}\n`;
    },
    error: (text: string) => {
      stderr += text;
    },
  };
  const run = spawnRun(env, cwd, take, args);
  return { code: await run.exit(), stdout, stderr };
}

/** One process of the built service. */
export interface Run {
  readonly child: ChildProcess;
  /** Exit code or signal; undefined while it runs. */
  readonly ended: number | NodeJS.Signals | undefined;
  readonly gone: Promise<void>;
  exit(): Promise<number | NodeJS.Signals>;
}

/** @param take gets the lines of standard output, and standard error as it comes */
export function spawnRun(
  env: Readonly<Record<string, string>>,
  cwd: string,
  take: { line(text: string): void; error(text: string): void },
  args: readonly string[] = [],
): Run {
  requireBuild();
  const child = spawn(process.execPath, [MAIN, ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take.line(line);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => take.error(chunk));
  let ended: number | NodeJS.Signals | undefined;
  const gone = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    // `close`, not `exit`: all that it wrote has been read by then.
    child.once('close', (code, signal) => {
      ended = code ?? signal ?? 1;
      // A killed process may leave half a line.
      if (rest !== '' && signal !== 'SIGKILL') take.line(rest);
      resolve();
    });
  });
  return {
    child,
    get ended() {
      return ended;
    },
    gone,
    async exit() {
      const late = setTimeout(() => child.kill('SIGKILL'), EXIT_LIMIT_MS);
      const began = performance.now();
      await gone;
      clearTimeout(late);
      if (ended === 'SIGKILL' && performance.now() - began >= EXIT_LIMIT_MS)
        throw new Error(`the service did not exit within ${EXIT_LIMIT_MS} ms`);
      return ended ?? 1;
    },
  };
}

/** The redis-server of a data directory; its working directory proves that it is that one's. */
export function privateRedisPid(dataDir: string): number | undefined {
  try {
    const dir = realpathSync(join(dataDir, 'redis'));
    const pid = Number(readFileSync(join(dir, 'redis.pid'), 'utf8'));
    return readlinkSync(`/proc/${pid}/cwd`) === dir ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** For what a killed service leaves behind. */
export function endPrivateRedis(dataDir: string): void {
  const pid = privateRedisPid(dataDir);
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the two lines.
  }
}
