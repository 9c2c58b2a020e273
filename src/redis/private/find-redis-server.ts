import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

const REDIS_NAMES = ['redis-server', 'valkey-server'] as const;
/** Where package managers put servers that an ordinary user's PATH may lack. */
const MORE_FOLDERS = ['/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];

export type RedisEnv = Readonly<Record<string, string | undefined>>;

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The full path of a program on the PATH, or undefined. */
export function findProgram(name: string, env: RedisEnv): string | undefined {
  if (isAbsolute(name)) return isProgram(name) ? name : undefined;
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...MORE_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/** `REDIS_SERVER` (a path or name) if given, else redis-server or valkey-server on the PATH. */
export function findRedisServer(env: RedisEnv): string | undefined {
  if (env.REDIS_SERVER) return findProgram(env.REDIS_SERVER, env);
  return REDIS_NAMES.map((name) => findProgram(name, env)).find((path) => path !== undefined);
}
