import { readFileSync, readlinkSync } from 'node:fs';

/** The part of Node's `process` that the sandbox needs; `main.ts` hands it in. */
export interface ProcessHost {
  readonly pid: number;
  kill(pid: number, signal: NodeJS.Signals | 0): boolean;
  /** For what has to be done at once, and without waiting, while the process exits. */
  on(event: 'exit', listener: () => void): unknown;
  off(event: 'exit', listener: () => void): unknown;
}

/** Fields of /proc/<pid>/stat after the command's name; undefined where there is no such process or no /proc. */
function procStat(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** The pid of its parent; undefined where there is no such process or no /proc. */
export function parentOf(pid: number): number | undefined {
  const parent = procStat(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** The program's name as the kernel has it (at most 15 characters); '' without /proc. */
export function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** False for a zombie, too: nobody may be there to reap a process that we adopted. */
export function isAlive(host: ProcessHost, pid: number): boolean {
  try {
    host.kill(pid, 0);
  } catch (error) {
    // EPERM: alive, but another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return procStat(pid)?.[0] !== 'Z';
}

/** When the process began (clock ticks since boot), so that a reused pid is not mistaken; '' without /proc. */
export function startTime(pid: number): string {
  return procStat(pid)?.[19] ?? '';
}

/** Redis changes to its `dir`, which proves whose it is; undefined without /proc. */
export function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** @returns true when the process is gone, false after `deadlineMs` */
async function waitUntilGone(host: ProcessHost, pid: number, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (isAlive(host, pid)) {
    if (performance.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** SIGTERM, then SIGKILL after the deadline. Redis writes its AOF out on SIGTERM. */
export async function endProcess(host: ProcessHost, pid: number, deadlineMs: number): Promise<void> {
  for (const [signal, waitMs] of [
    ['SIGTERM', deadlineMs],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!isAlive(host, pid)) return;
    try {
      host.kill(pid, signal);
    } catch {
      return; // it ended between the two lines
    }
    if (await waitUntilGone(host, pid, waitMs)) return;
  }
}
