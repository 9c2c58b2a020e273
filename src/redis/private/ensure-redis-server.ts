import { execFile } from 'node:child_process';
import { findProgram, findRedisServer, type RedisEnv } from './find-redis-server.ts';
import { HOW_TO_INSTALL, PACKAGE_MANAGERS, type PackageManager } from './package-managers.ts';
import type { SandboxLog } from './private-redis.ts';

/** Runs a program to its end. `code` is its exit code, 127 where it could not be started. */
export type Run = (
  command: string,
  args: readonly string[],
  env: RedisEnv,
) => Promise<{ readonly code: number; readonly output: string }>;

interface EnsureRedisOptions {
  /** PATH, REDIS_SERVER and what the package manager needs (proxies). */
  readonly env: RedisEnv;
  readonly log: SandboxLog;
  readonly run?: Run;
  /** Where a program is; for tests. */
  readonly find?: (name: string) => string | undefined;
}

/** Minutes: a package list and a few megabytes over a slow line. */
const INSTALL_TIMEOUT_MS = 5 * 60_000;

export const runProgram: Run = (command, args, env) =>
  new Promise((resolve) => {
    const options = { env: { ...env }, timeout: INSTALL_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 };
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 127) : 0;
      resolve({ code, output: `${stdout}${stderr}` });
    });
  });

/**
 * How this user becomes root without being asked: [] as root, `sudo -n` where that works, else undefined.
 * `sudo env NAME=value` because sudo drops the environment.
 */
async function rootPrefix(run: Run, env: RedisEnv): Promise<readonly string[] | undefined> {
  if ((await run('id', ['-u'], env)).output.trim() === '0') return [];
  return (await run('sudo', ['-n', 'true'], env)).code === 0 ? ['sudo', '-n'] : undefined;
}

/**
 * Installs the first of the manager's packages that can be installed, without questions.
 * @param prefix from {@link rootPrefix}
 */
async function installPackage(
  manager: PackageManager,
  prefix: readonly string[],
  run: Run,
  env: RedisEnv,
): Promise<boolean> {
  const settings = Object.entries(manager.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const execute = (args: readonly string[]) => {
    const [command = '', ...rest] = [...prefix, 'env', ...settings, ...args];
    return run(command, rest, env);
  };
  if (manager.refresh) await execute([manager.command, ...manager.refresh]);
  for (const name of manager.packages) {
    if ((await execute([manager.command, ...manager.install, name])).code !== 0) continue;
    if (manager.afterwards) await execute(manager.afterwards);
    return true;
  }
  return false;
}

/**
 * The path of a redis-server (or valkey-server) that is there already: only the sandbox changes the machine.
 * @throws Error of one line that says how to install it
 */
export function requireRedisServer(env: RedisEnv): string {
  const path = findRedisServer(env);
  if (path === undefined) throw new Error(HOW_TO_INSTALL);
  return path;
}

/**
 * The path of a redis-server (or valkey-server), installed by the machine's package manager if none is there and
 * that can be done without asking.
 * @throws Error of one line that says how to install it
 */
export async function ensureRedisServer(options: EnsureRedisOptions): Promise<string> {
  const { env, log } = options;
  const run = options.run ?? runProgram;
  const find = options.find ?? ((name: string) => findProgram(name, env));
  const search = (): string | undefined =>
    options.find ? (find('redis-server') ?? find('valkey-server')) : findRedisServer(env);

  const found = env.REDIS_SERVER ? find(env.REDIS_SERVER) : search();
  if (found) return found;
  if (env.REDIS_SERVER)
    throw new Error(`REDIS_SERVER names a program that does not exist. ${HOW_TO_INSTALL}`);

  const manager = PACKAGE_MANAGERS.find(({ command }) => find(command) !== undefined);
  if (!manager) throw new Error(HOW_TO_INSTALL);
  const prefix = manager.needsRoot ? await rootPrefix(run, env) : [];
  if (!prefix) throw new Error(HOW_TO_INSTALL);
  log('info', `No redis-server found: installing ${manager.packages[0]} with ${manager.command}`);
  const installed = await installPackage(manager, prefix, run, env);
  const path = installed ? search() : undefined;
  if (!path) throw new Error(`${manager.command} could not install Redis. ${HOW_TO_INSTALL}`);
  return path;
}
