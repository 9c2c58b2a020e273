import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAlive, type ProcessHost, startTime } from './process-info.ts';

function isHeld(host: ProcessHost, content: string): boolean {
  const [pid = '', began = ''] = content.trim().split(' ');
  if (!/^\d+$/.test(pid) || !isAlive(host, Number(pid))) return false;
  const now = startTime(Number(pid));
  // Without /proc a reused pid cannot be told; at least our own (pid 1 of every container) is no other service.
  return now === '' ? Number(pid) !== host.pid : now === began;
}

function readLock(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * One service per data directory: a file with the pid of its owner, replaced when that process is gone.
 * @returns a function that gives the lock back
 * @throws Error of one line when a live process holds it
 */
export function takeServiceLock(file: string, host: ProcessHost): () => void {
  const own = `${host.pid} ${startTime(host.pid)} ${randomUUID()}`;
  const refused = (content: string): Error =>
    new Error(
      `The data directory is in use by another Pingui Alert (process ${content.split(' ')[0]}): stop it or set a different DATA_DIR`,
    );
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      writeFileSync(file, own, { flag: 'wx', mode: 0o600 });
      return () => {
        if (readLock(file) === own) rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const content = readLock(file);
    if (isHeld(host, content)) throw refused(content);
    // Moved away rather than deleted: of two services that find a stale lock, each sees what it took.
    const aside = `${file}.${randomUUID()}`;
    try {
      renameSync(file, aside);
    } catch {
      continue; // the other one was first
    }
    const taken = readLock(aside);
    if (taken !== content && isHeld(host, taken)) {
      renameSync(aside, file);
      throw refused(taken);
    }
    rmSync(aside, { force: true });
  }
  throw new Error(`Cannot take the lock ${file}`);
}
