import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess, isAlive, type ProcessHost, workingDirectory } from './process-info.ts';
import { portEndpoint, type RedisEndpoint, renderConfig, socketEndpoint } from './redis-endpoint.ts';
import { probeRedis, waitUntilReady } from './redis-probe.ts';

/** A cold start with an empty AOF takes some 50 ms; a busy small machine seconds. */
const READY_DEADLINE_MS = 20_000;
/** How long a redis-server that does not answer may take to write its AOF. */
const END_DEADLINE_MS = 10_000;

export interface RunningRedis {
  readonly endpoint: RedisEndpoint;
  readonly pid: number;
  /** True for one that an earlier run of the service left behind. */
  readonly adopted: boolean;
  /** Calls back once when it is gone. @returns a function that stops watching */
  onExit(listener: (how: string) => void): () => void;
}

interface RedisPlace {
  /** Absolute, without symbolic links. */
  readonly dir: string;
  readonly binary: string;
  readonly host: ProcessHost;
}

function writePrivate(file: string, content: string): void {
  writeFileSync(file, content, { mode: 0o600 });
  chmodSync(file, 0o600); // the mode above counts for new files only
}

function watchPid(host: ProcessHost, pid: number, listener: (how: string) => void): () => void {
  const timer = setInterval(() => {
    if (isAlive(host, pid)) return;
    clearInterval(timer);
    listener('gone');
  }, 250);
  timer.unref();
  return () => clearInterval(timer);
}

/** The last line that Redis wrote, for error texts. */
function lastWords(dir: string): string {
  try {
    return readFileSync(join(dir, 'redis.log'), 'utf8').trim().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}

/**
 * Starts redis-server on the endpoint. In a process group of its own, so that Ctrl-C reaches the service alone, and
 * without the service's environment, which holds secrets.
 * @throws Error of one line when it does not come up
 */
export async function spawnRedis(place: RedisPlace, endpoint: RedisEndpoint): Promise<RunningRedis> {
  const config = join(place.dir, 'redis.conf');
  rmSync(join(place.dir, 'redis.log'), { force: true });
  writePrivate(config, renderConfig(place.dir, endpoint));
  writePrivate(join(place.dir, 'endpoint.json'), JSON.stringify(endpoint));
  const child: ChildProcess = spawn(place.binary, [config], {
    cwd: place.dir,
    detached: true,
    stdio: 'ignore',
    env: {},
  });
  child.unref();
  let ended: string | undefined;
  const listeners = new Set<(how: string) => void>();
  const end = (how: string): void => {
    if (ended !== undefined) return;
    ended = how;
    for (const listener of listeners) listener(how);
  };
  child.once('error', (error) => end(error.message));
  child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  try {
    const { pid } = await waitUntilReady(endpoint, () => ended !== undefined, READY_DEADLINE_MS);
    if (pid !== child.pid) throw new Error('another Redis answers at its address');
    return {
      endpoint,
      pid,
      adopted: false,
      onExit(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
  } catch (error) {
    if (child.pid !== undefined && ended === undefined)
      await endProcess(place.host, child.pid, END_DEADLINE_MS);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason} (${place.binary}${ended ? `, ${ended}` : ''}): ${lastWords(place.dir)}`);
  }
}

/** A unix socket where its path is short enough and the file system has sockets, else a port. */
export async function spawnRedisSomewhere(place: RedisPlace): Promise<RunningRedis> {
  const socket = socketEndpoint(place.dir);
  if (socket) {
    try {
      return await spawnRedis(place, socket);
    } catch (error) {
      if (!/socket/i.test(error instanceof Error ? error.message : '')) throw error;
    }
  }
  return spawnRedis(place, await portEndpoint());
}

function savedEndpoint(dir: string): RedisEndpoint | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, 'endpoint.json'), 'utf8')) as RedisEndpoint; // written by spawnRedis
  } catch {
    return undefined;
  }
}

function savedPid(dir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dir, 'redis.pid'), 'utf8'));
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The redis-server that a crashed service left running on this directory, or undefined. One that does not answer is
 * ended first: two servers on one AOF would destroy it.
 * @throws Error of one line when a process that may be it does not answer and cannot be told apart
 */
export async function adoptRedis({
  dir,
  host,
}: Omit<RedisPlace, 'binary'>): Promise<RunningRedis | undefined> {
  const endpoint = savedEndpoint(dir);
  const oldPid = savedPid(dir);
  const mayLive = oldPid !== undefined && isAlive(host, oldPid);
  if (endpoint) {
    let probe = await probeRedis(endpoint);
    if (probe.state === 'loading') probe = await waitUntilReady(endpoint, () => !mayLive, READY_DEADLINE_MS);
    // The directory proves that it is ours, and no stranger's at a port that became free.
    if (probe.state === 'ready' && probe.dir === dir) {
      const { pid } = probe;
      return { endpoint, pid, adopted: true, onExit: (listener) => watchPid(host, pid, listener) };
    }
  }
  if (!mayLive) return undefined;
  const cwd = workingDirectory(oldPid);
  if (cwd === dir) await endProcess(host, oldPid, END_DEADLINE_MS);
  else if (cwd === undefined)
    throw new Error(
      `Process ${oldPid} may be an old redis-server of ${dir} that no longer responds: stop it first`,
    );
  return undefined;
}

/** The private Redis of a data directory that answers now, whoever started it; it is left as it is. */
export async function findPrivateRedis(dataDir: string): Promise<RedisEndpoint | undefined> {
  const dir = join(dataDir, 'redis');
  const endpoint = savedEndpoint(dir);
  if (endpoint === undefined) return undefined;
  const probe = await probeRedis(endpoint);
  return probe.state === 'ready' && probe.dir === realpathSync(dir) ? endpoint : undefined;
}
