import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type ApiClient, createApiClient } from './api-client.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const START_LIMIT_MS = 40_000;
/** Above the service's own deadline of 10 s. */
const EXIT_LIMIT_MS = 20_000;

export const BOT_TOKEN = '424242:a-token-of-the-double';
export const JWT_SECRET = 'a-signing-key-of-the-end-to-end-tests';
export const ADMIN = { user: 'admin', password: 'operators-of-the-tests' };

export interface LogLine {
  readonly timestamp: string;
  readonly level: string;
  readonly component: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface ServiceOptions {
  /** The Telegram that it talks to; absent: sandbox mode, unless `env` says otherwise. */
  readonly double?: Pick<BotApiDouble, 'apiRoot'>;
  /** Added to a clean environment; undefined takes a variable of {@link baseEnv} out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Holds data and backups, and is kept. Default: a temp folder, deleted by `close`. */
  readonly dir?: string;
}

export interface Service {
  /** Of the run that is under way, without a trailing slash. @throws Error when it has no HTTP server */
  readonly url: string;
  readonly api: ApiClient;
  /** All lines of all runs. */
  readonly logs: readonly LogLine[];
  /** Standard error of all runs. */
  readonly stderr: string;
  readonly pid: number;
  readonly dir: string;
  readonly dataDir: string;
  readonly backupDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** The first line that `find` accepts, waited for. @param from index in `logs` to begin at @throws Error after `ms` (20 s) */
  waitForLog(find: (line: LogLine) => boolean, options?: { ms?: number; from?: number }): Promise<LogLine>;
  /** Sends the signal. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or the name of the signal that ended it. @throws Error after 20 s, and kills it then */
  exited(): Promise<number | NodeJS.Signals>;
  /** Signals (SIGTERM) and waits for the exit. @throws Error when it wrote a line that is not JSON */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
  /** Dies as in a crash; a private Redis of its own goes on. */
  kill9(): Promise<void>;
  /** Starts it anew with the same data; ends it first (SIGTERM) if it runs. */
  restart(env?: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** The private redis-server's process id. @throws Error when there is none */
  redisPid(): number;
  /** Ends what runs, private Redis too, deletes the temp folder. @throws Error when a line was not JSON */
  close(): Promise<void>;
}

/** What the service under test gets: nothing of the test's own environment but what finds programs. */
export function baseEnv(dir: string, double?: Pick<BotApiDouble, 'apiRoot'>): Record<string, string> {
  const { PATH = '', REDIS_SERVER } = process.env;
  return {
    PATH,
    ...(REDIS_SERVER === undefined ? {} : { REDIS_SERVER }),
    DATA_DIR: join(dir, 'data'),
    BACKUP_DIR: join(dir, 'backups'),
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PASSWORD: ADMIN.password,
    // Tests ask often.
    RATE_LIMIT_PER_MINUTE: '0',
    ...(double === undefined ? {} : { BOT_TOKEN, JWT_SECRET, TELEGRAM_API_ROOT: double.apiRoot }),
  };
}

/** Starts the built service as its users do, and waits until it is ready. @throws Error when it does not come up */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  if (!existsSync(MAIN)) throw new Error('dist/src/main.js is missing: npm run build');
  const dir = realpathSync(options.dir ?? mkdtempSync(join(tmpdir(), 'pingui-e2e-')));
  let env = merge(baseEnv(dir, options.double), options.env);
  const logs: LogLine[] = [];
  const faults: string[] = [];
  let stderr = '';
  let run: Run;

  const begin = async (): Promise<void> => {
    const from = logs.length;
    run = spawnRun(env, options.cwd ?? dir, {
      line: (text) => {
        const line = parseLine(text);
        if (line === undefined) faults.push(text);
        else logs.push(line);
      },
      error: (text) => {
        stderr += text;
      },
    });
    const isReady = (line: LogLine): boolean => line.message === 'Pingui Alert is ready';
    await service.waitForLog(isReady, { ms: START_LIMIT_MS, from }).catch(async (error: Error) => {
      run.child.kill('SIGKILL');
      await run.gone;
      throw new Error(`the service did not start: ${error.message}\n${stderr}`);
    });
  };
  const checkLines = (): void => {
    if (faults.length > 0)
      throw new Error(`lines on stdout that are not JSON log lines:\n${faults.join('\n')}`);
  };
  const listening = (): LogLine | undefined =>
    logs.findLast((line) => line.message === 'HTTP server is listening');

  const service: Service = {
    get url() {
      const line = listening();
      if (line === undefined) throw new Error('this service has no HTTP server');
      return `http://127.0.0.1:${line.port}`;
    },
    api: createApiClient(() => service.url, ADMIN),
    logs,
    get stderr() {
      return stderr;
    },
    get pid() {
      return run.child.pid ?? 0;
    },
    dir,
    get dataDir() {
      return env.DATA_DIR ?? '';
    },
    get backupDir() {
      return env.BACKUP_DIR ?? '';
    },
    get env() {
      return env;
    },
    async waitForLog(find, { ms = 20_000, from = 0 } = {}) {
      const deadline = performance.now() + ms;
      for (;;) {
        const line = logs.slice(from).find(find);
        if (line !== undefined) return line;
        const last = logs.slice(-5).map((entry) => JSON.stringify(entry));
        if (run.ended !== undefined)
          throw new Error(`the service ended (${run.ended}); last lines:\n${last.join('\n')}`);
        if (performance.now() > deadline)
          throw new Error(`no such line in ${ms} ms; last lines:\n${last.join('\n')}`);
        await pause(10);
      }
    },
    signal: (signal) => void run.child.kill(signal),
    exited: () => run.exit(),
    async stop(signal = 'SIGTERM') {
      if (run.ended === undefined) run.child.kill(signal);
      const code = await run.exit();
      checkLines();
      return code;
    },
    async kill9() {
      run.child.kill('SIGKILL');
      await run.gone;
      checkLines();
    },
    async restart(changes = {}) {
      if (run.ended === undefined) await service.stop();
      env = merge(env, changes);
      await begin();
    },
    redisPid() {
      const pid = privateRedisPid(env.DATA_DIR ?? '');
      if (pid === undefined) throw new Error('no private Redis is running');
      return pid;
    },
    async close() {
      run.child.kill('SIGKILL');
      await run.gone;
      endPrivateRedis(env.DATA_DIR ?? '');
      if (options.dir === undefined)
        rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      checkLines();
    },
  };

  // Whatever happens to the test process, nothing of the test's is left running.
  const endAll = (): void => {
    run.child.kill('SIGKILL');
    endPrivateRedis(env.DATA_DIR ?? '');
  };
  process.once('exit', endAll);
  try {
    await begin();
  } catch (error) {
    await service.close().catch(() => undefined);
    throw error;
  }
  return service;
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

interface Run {
  readonly child: ChildProcess;
  /** Exit code or signal; undefined while it runs. */
  readonly ended: number | NodeJS.Signals | undefined;
  readonly gone: Promise<void>;
  exit(): Promise<number | NodeJS.Signals>;
}

function spawnRun(
  env: Readonly<Record<string, string>>,
  cwd: string,
  take: { line(text: string): void; error(text: string): void },
  args: readonly string[] = [],
): Run {
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

function parseLine(text: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // Its fields are checked by the test of the log's form.
    return typeof value === 'object' && value !== null ? (value as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

function merge(
  env: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const entries = Object.entries({ ...env, ...changes });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Its working directory proves that it is this folder's. */
function privateRedisPid(dataDir: string): number | undefined {
  try {
    const dir = realpathSync(join(dataDir, 'redis'));
    const pid = Number(readFileSync(join(dir, 'redis.pid'), 'utf8'));
    return readlinkSync(`/proc/${pid}/cwd`) === dir ? pid : undefined;
  } catch {
    return undefined;
  }
}

function endPrivateRedis(dataDir: string): void {
  const pid = privateRedisPid(dataDir);
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the two lines.
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
