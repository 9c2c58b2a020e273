import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../../src/async/pause.ts';
import type { BotApiDouble } from '../../src/sandbox/bot-api-double.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { endPrivateRedis, privateRedisPid, type Run, requireBuild, spawnRun } from './main-process.ts';
import { findOutputLeaks } from './output-leaks.ts';

const START_LIMIT_MS = 40_000;

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
  readonly double?: Pick<BotApiDouble, 'apiRoot'> & Partial<Pick<BotApiDouble, 'calls' | 'chats'>>;
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
  /**
   * Ends what runs, private Redis too, deletes the temp folder.
   * @throws Error when a line was not JSON, or held a secret, a token, a chat's id or a text that went to Telegram
   */
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
  requireBuild();
  const dir = realpathSync(options.dir ?? mkdtempSync(join(tmpdir(), 'pingui-e2e-')));
  let env = merge(baseEnv(dir, options.double), options.env);
  const logs: LogLine[] = [];
  const faults: string[] = [];
  /** All lines of all runs, as they were written. */
  const output: string[] = [];
  let stderr = '';
  let run: Run;

  const begin = async (): Promise<void> => {
    const from = logs.length;
    run = spawnRun(env, options.cwd ?? dir, {
      line: (text) => {
        const line = parseLine(text);
        if (line === undefined) faults.push(text);
        else logs.push(line);
        output.push(text);
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
  const checkLeaks = (): void => {
    const secrets = [BOT_TOKEN, JWT_SECRET, ADMIN.password];
    const leaks = findOutputLeaks(output, { secrets, ...(options.double && { double: options.double }) });
    if (leaks.length > 0) throw new Error(`the log holds what it must not:\n${leaks.slice(0, 5).join('\n')}`);
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
      process.off('exit', endAll);
      run.child.kill('SIGKILL');
      await run.gone;
      endPrivateRedis(env.DATA_DIR ?? '');
      if (options.dir === undefined)
        rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      checkLines();
      checkLeaks();
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
